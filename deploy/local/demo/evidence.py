"""Evidence from AWS itself, independent of the daemon.

Terraform's calls are distinguished from the daemon's own by their user agent in the stand-in's request log.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from deploy.local.demo.stage import ACCOUNT, BUCKET, REGION, Stage
from deploy.local.evidence import MANIFEST_TYPE, Evidence

CLUSTER = "develop"
SECRET = "a value that must never be shown"
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


class Aws(Evidence):
    """AWS clients of one stage, with the queries and changes that the steps need."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.aws.client, cluster=CLUSTER, bucket=BUCKET)
        self._stage = stage.aws

    def certificate(self, domain: str) -> str:
        """Request a certificate for the domain, as an operator would. Returns its ARN."""
        return str(self.acm.request_certificate(DomainName=domain, ValidationMethod="DNS")["CertificateArn"])

    def rules(self) -> dict[int, list[str]]:
        """Return the path patterns of all listener rules by priority."""
        balancers = self.elb.describe_load_balancers()["LoadBalancers"]
        found: dict[int, list[str]] = {}
        for balancer in balancers:
            for listener in self.elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]:
                for rule in self.elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
                    if rule["Priority"] != "default":
                        found[int(rule["Priority"])] = sorted(_paths(rule["Conditions"]))
        return found

    def create_secret(self, name: str) -> None:
        """Create a secret, as a service team does before it names the secret in a manifest."""
        self.secrets.create_secret(Name=name, SecretString=SECRET)

    def first_tasks(self, name: str) -> list[int]:
        """Return the exit codes of the tasks that ran before the deployments of a service (`preDeployment`)."""
        family = f"{CLUSTER}-{name}-pre-deployment"
        arns = self.ecs.list_tasks(cluster=CLUSTER, family=family, desiredStatus="STOPPED")["taskArns"]
        tasks = self.ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"] if arns else []
        return [int(task["containers"][0]["exitCode"]) for task in tasks]

    def push_image(self, name: str, tag: str) -> str:
        """Push an image under a tag, as the last step of a build pipeline does. Returns its full reference."""
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "size": 2,
                "digest": f"sha256:{hashlib.sha256(tag.encode()).hexdigest()}",
            },
            "layers": [],
        }
        self.ecr.put_image(
            repositoryName=f"{CLUSTER}/{name}",
            imageManifest=json.dumps(manifest),
            imageManifestMediaType=MANIFEST_TYPE,
            imageTag=tag,
        )
        return f"{REGISTRY}/{CLUSTER}/{name}:{tag}"

    def retention(self, log_group: str) -> int:
        """Return the retention of a log group in days."""
        (found,) = self.logs.describe_log_groups(logGroupNamePrefix=log_group)["logGroups"]
        return int(found["retentionInDays"])

    def count_items(self, table: str) -> int:
        """Return the number of items in a DynamoDB table."""
        return int(self.dynamodb.scan(TableName=table, Select="COUNT")["Count"])

    def mark(self) -> int:
        """Return the current position in the request log."""
        return self._stage.last_request()

    def terraform_calls(self, since: int) -> list[dict[str, Any]]:
        """Return Terraform's calls after a position, without the daemon's own reads."""
        return [call for call in self._stage.requests(since) if "Terraform" in call["user_agent"]]


def _paths(conditions: list[dict[str, Any]]) -> Iterable[str]:
    for condition in conditions:
        yield from condition.get("PathPatternConfig", {}).get("Values", ())
