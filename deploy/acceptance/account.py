"""The sandbox account: its clients, the guard against a wrong one, and the inventory of what has our names.

The inventory is made with list and describe calls of each service, not with the tagging API, which keeps resources for
a while after they are gone and knows no roles.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import boto3
import jmespath  # type: ignore[import-untyped]  # boto3 depends on it, and it has no types
from botocore.config import Config

from reconciler.core.environment import Environment

LOCK_TABLE = "reconciler-locks"
_RENEWED_AFTER = 1800.0
_GONE = frozenset({"deleted", "deleting", "failed"})


@dataclass(frozen=True, slots=True)
class Listing:
    """One listing of AWS: the operation, and where its answer has names."""

    kind: str
    service: str
    operation: str
    names: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


_BY_NAME: Sequence[Listing] = (
    Listing("load balancer", "elbv2", "describe_load_balancers", "LoadBalancers[].LoadBalancerName"),
    Listing("target group", "elbv2", "describe_target_groups", "TargetGroups[].TargetGroupName"),
    Listing("repository", "ecr", "describe_repositories", "repositories[].repositoryName"),
    Listing("log group", "logs", "describe_log_groups", "logGroups[].logGroupName"),
    Listing("role", "iam", "list_roles", "Roles[].RoleName"),
    Listing("policy", "iam", "list_policies", "Policies[].PolicyName", {"Scope": "Local"}),
    Listing("key alias", "kms", "list_aliases", "Aliases[].AliasName"),
    Listing("bucket", "s3", "list_buckets", "Buckets[].Name"),
    Listing("table", "dynamodb", "list_tables", "TableNames"),
    Listing("secret", "secretsmanager", "list_secrets", "SecretList[].Name"),
    Listing("topic", "sns", "list_topics", "Topics[].TopicArn"),
    Listing("trail", "cloudtrail", "list_trails", "Trails[].Name"),
    Listing("pipeline", "codepipeline", "list_pipelines", "pipelines[].name"),
    Listing("build project", "codebuild", "list_projects", "projects"),
    Listing("namespace", "servicediscovery", "list_namespaces", "Namespaces[].Name"),
    Listing("web ACL", "wafv2", "list_web_acls", "WebACLs[].Name", {"Scope": "REGIONAL"}),
    Listing("alarm", "cloudwatch", "describe_alarms", "MetricAlarms[].AlarmName"),
    Listing("recorder", "config", "describe_configuration_recorders", "ConfigurationRecorders[].name"),
    Listing("parameter", "ssm", "describe_parameters", "Parameters[].Name"),
)
_BY_TAG: Sequence[Listing] = (
    Listing("VPC", "ec2", "describe_vpcs", "Vpcs[].[VpcId, State]"),
    Listing("NAT gateway", "ec2", "describe_nat_gateways", "NatGateways[].[NatGatewayId, State]"),
    Listing("elastic IP", "ec2", "describe_addresses", "Addresses[].[AllocationId, '']"),
    Listing("security group", "ec2", "describe_security_groups", "SecurityGroups[].[GroupId, '']"),
    Listing("endpoint", "ec2", "describe_vpc_endpoints", "VpcEndpoints[].[VpcEndpointId, State]"),
)


class AccountRefused(Exception):
    """The account is not the one that was named, or not empty of our names."""


class Account:
    """The account of one environment."""

    def __init__(self, environment: Environment, *, bucket: str) -> None:
        self.environment, self.bucket = environment, bucket
        self._clients: dict[str, Any] = {}
        self._made = -_RENEWED_AFTER
        self._name = re.compile(rf"(?:^|[/:_.-]){re.escape(environment.name)}(?:$|[/_.-])")

    def client(self, service: str) -> Any:
        """Return a boto3 client with the environment's role, whose session lasts an hour at most."""
        if time.monotonic() - self._made > _RENEWED_AFTER:
            self._clients, self._made = {}, time.monotonic()
        if service not in self._clients:
            config = Config(s3={"addressing_style": "path"}) if self.environment.endpoint else None
            session: Any = self._session()  # a client by name has no type
            self._clients[service] = session.client(service, endpoint_url=self.environment.endpoint, config=config)
        return self._clients[service]

    def check_identity(self, account: str) -> None:
        """Check that calls reach the account that was named. Raises: AccountRefused."""
        found = self.client("sts").get_caller_identity()["Account"]
        if not account == self.environment.account == found:
            raise AccountRefused(
                f"the account named is {account}, the configuration has {self.environment.account} for "
                f"{self.environment.name}, and the credentials reach {found}: all three must be the same"
            )

    def check_empty(self) -> None:
        """Check that nothing in the account has our names. Raises: AccountRefused."""
        if left := self.inventory():
            raise AccountRefused(
                f"the account is not empty of {self.environment.name}'s names, and what it has could be destroyed: "
                f"{', '.join(left)}. Use an empty sandbox account, or another environment name"
            )

    def inventory(self) -> list[str]:
        """Return everything in the account that has our names."""
        return sorted([*self._named(), *self._tagged()])

    def _named(self) -> Iterator[str]:
        # A deleted cluster stays INACTIVE, "discoverable in your account for a period of time":
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html
        for cluster in self.client("ecs").describe_clusters(clusters=[self.environment.name])["clusters"]:
            if cluster["status"] != "INACTIVE":
                yield f"cluster {cluster['clusterName']}"
        own = {self.bucket, LOCK_TABLE, f"alias/{self.bucket}"}
        for listing in _BY_NAME:
            for name in self._all(listing, listing.parameters):
                if name in own or self._name.search(name):
                    yield f"{listing.kind} {name}"

    def _tagged(self) -> Iterator[str]:
        mine = [{"Name": "tag:Environment", "Values": [self.environment.name]}]
        for listing in _BY_TAG:
            field_name = "Filter" if listing.operation == "describe_nat_gateways" else "Filters"
            for name, state in self._all(listing, {field_name: mine}):
                if str(state) not in _GONE:
                    yield f"{listing.kind} {name}"

    def _all(self, listing: Listing, parameters: Mapping[str, Any]) -> Iterator[Any]:
        client = self.client(listing.service)
        if client.can_paginate(listing.operation):
            pages = client.get_paginator(listing.operation).paginate(**parameters)
        else:
            pages = [getattr(client, listing.operation)(**parameters)]
        for page in pages:
            yield from jmespath.search(listing.names, page) or ()

    def _session(self) -> boto3.Session:
        base = boto3.Session(region_name=self.environment.region)
        if self.environment.role is None:
            return base
        sts = base.client("sts", endpoint_url=self.environment.endpoint)
        granted = sts.assume_role(RoleArn=self.environment.role, RoleSessionName="acceptance", DurationSeconds=3600)
        keys = granted["Credentials"]
        return boto3.Session(
            keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], self.environment.region
        )
