"""Each guard refuses what AWS refuses, with AWS's code, and is still needed on plain moto."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from deploy.local.standin import StandIn
from deploy.local.standin.guards import GUARDS
from deploy.local.standin.guards.linked_roles import ROLES
from tests.standin.guard_account import (
    TRUST,
    make_cluster,
    make_group,
    make_listener,
    make_network,
    make_subnet,
    make_vpc,
)
from tests.standin.guard_cases import BOTH, CASES, QUOTAS, Case
from tests.standin.probes_ecs import Clients, unique_name

ALL = [(key, case) for key, case in CASES.items()] + [(key, case) for key, cases in BOTH.items() for case in cases]
each_case = pytest.mark.parametrize(("key", "case"), ALL, ids=[case.__name__ for _, case in ALL])


@pytest.fixture
def account(standin: StandIn) -> Iterator[StandIn]:
    """Lend an empty account with small quotas, in which a new role is unknown to the first call of a service."""
    standin.reset()
    standin.configure(quotas=QUOTAS, unseen_calls=1)
    yield standin
    standin.reset()


def test_every_guard_has_a_case_and_every_case_a_guard() -> None:
    refusing = [(guard.service, guard.operation, guard.code) for guard in GUARDS if guard.code]
    assert sorted(refusing) == sorted(key for key, _ in ALL)
    assert all(guard.reason and guard.source for guard in GUARDS)


@each_case
def test_the_stand_in_refuses(account: StandIn, key: tuple[str, str, str], case: Case) -> None:
    assert _refusal(case, account.client) == key[1:]


@each_case
def test_plain_moto_still_accepts(key: tuple[str, str, str], case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail once moto refuses as well: then delete the guard and its case."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # they take seconds, and no case asks for them
    with mock_aws():
        assert _refusal(case, _moto_client) != key[1:]


def test_what_moto_refuses_itself(account: StandIn) -> None:
    """Check the refusals that need no guard: a repository with images, a group in use, a priority in use."""
    ecr = account.client("ecr")
    ecr.create_repository(repositoryName="images")
    ecr.put_image(repositoryName="images", imageManifest=_MANIFEST, imageTag="one")
    assert _code(lambda: ecr.delete_repository(repositoryName="images")) == "RepositoryNotEmptyException"
    ecr.delete_repository(repositoryName="images", force=True)

    elb, listener, vpc = account.client("elbv2"), make_listener(account.client), make_vpc(account.client)
    made = elb.create_target_group(Name=unique_name(), Protocol="HTTP", Port=80, TargetType="ip", VpcId=vpc)
    group = made["TargetGroups"][0]["TargetGroupArn"]
    account.configure()
    rule = {
        "ListenerArn": listener,
        "Priority": 1,
        "Conditions": [{"Field": "path-pattern", "Values": ["/a"]}],
        "Actions": [{"Type": "forward", "TargetGroupArn": group}],
    }
    elb.create_rule(**rule)
    assert _code(lambda: elb.create_rule(**rule)) == "PriorityInUse"
    assert _code(lambda: elb.delete_target_group(TargetGroupArn=group)) == "ResourceInUse"


def test_a_task_that_ended_holds_no_security_group(account: StandIn) -> None:
    vpc, name = make_vpc(account.client), make_cluster(account.client)
    group = make_group(account.client, vpc)
    account.client("ec2").modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})  # moto's tasks need it
    network = make_network([group], [make_subnet(account.client, vpc)])
    account.client("ecs").run_task(
        cluster=name, taskDefinition=name, launchType="FARGATE", networkConfiguration=network
    )
    account.client("ec2").delete_security_group(GroupId=group)


def test_a_new_role_is_seen_after_some_calls(account: StandIn) -> None:
    ec2, vpc = account.client("ec2"), account.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    role = account.client("iam").create_role(RoleName=unique_name(), AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    account.client("logs").create_log_group(logGroupName="logs")

    def create() -> Any:
        return ec2.create_flow_logs(
            ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogGroupName="logs", DeliverLogsPermissionArn=role
        )

    assert _code(create) == "InvalidParameter"
    create()


def test_a_quota_is_aws_s_until_it_is_set(account: StandIn) -> None:
    assert account.ask("GET", "settings")["quotas"]["vpcs"] == QUOTAS["vpcs"]
    account.reset()
    assert account.ask("GET", "settings") == {
        "quotas": {
            "elastic_ips": 5,
            "vpcs": 5,
            "security_groups_per_interface": 5,
            "rules_per_load_balancer": 100,
            "targets_per_load_balancer": 1000,
        },
        "enforce_roles": False,
        "unseen_calls": 0,
    }


def test_aws_makes_the_service_linked_roles(account: StandIn) -> None:
    iam = account.client("iam")
    assert iam.list_roles(PathPrefix="/aws-service-role/")["Roles"] == []
    account.client("ecs").create_cluster(clusterName="a")
    account.client("ecs").create_cluster(clusterName="b")
    roles = iam.list_roles(PathPrefix="/aws-service-role/")["Roles"]
    assert [role["Arn"] for role in roles] == [ROLES["ecs", "CreateCluster"].arn("123456789012")]


def _refusal(case: Case, client: Clients) -> tuple[str, str] | None:
    """Return operation and error code of the call that a case ends with."""
    try:
        case(client)
    except ClientError as error:
        return error.operation_name, error.response["Error"]["Code"]
    except (AttributeError, KeyError, TypeError):  # moto raises these in operations that it implements in part
        return None
    return None


def _code(call: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return str(refused.value.response["Error"]["Code"])


_MANIFEST = (
    '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "config": {"size": 1,'
    ' "digest": "sha256:aa", "mediaType": "application/vnd.docker.container.image.v1+json"}, "layers": []}'
)


def _moto_client(service: str) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    return boto3.client(service, region_name="eu-central-1", config=config)  # type: ignore[call-overload]  # by name
