"""Differences that are nobody's change: a corpus of harmless ones, and their harmful neighbours.

`seen` is what Terraform reports as moved outside while no plan would change anything; `planned` is a plan that a
provider makes although nothing differs but the way to write it.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.core.drift import Finding, classify
from reconciler.core.plan import read
from reconciler.core.record import Reason, Sync
from reconciler.core.redact import Redactor
from tests.core.documents import change, document
from tests.core.instances import NOW

Case = tuple[str, Mapping[str, Any], Mapping[str, Any]]
ACCOUNT = "111122223333"


def judged(*changes: Mapping[str, Any], seen: Mapping[str, Any] | None = None, **more: Any) -> Finding:
    plan = read(document(*changes, drift=[seen] if seen else [], **more), Redactor(b"a key for tests"))
    return classify(plan, applied_digest="d1", desired_digest="d1", ignore=(), rolled_back=False, now=NOW)


def container(**fields: Any) -> dict[str, Any]:
    """A container as the module writes it, with some fields changed; None removes one."""
    written = {
        "name": "orders",
        "image": "orders:1",
        "essential": True,
        "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "secrets": [{"name": "S", "valueFrom": "arn:1"}, {"name": "T", "valueFrom": "arn:2"}],
        "portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}],
        "mountPoints": [{"sourceVolume": "tmp", "containerPath": "/tmp", "readOnly": False}],
        "healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3},
    }
    return {name: value for name, value in {**written, **fields}.items() if value is not None}


def task(**fields: Any) -> dict[str, Any]:
    return {"container_definitions": json.dumps([container(**fields)])}


ENVIRONMENT = [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]
SECRETS = [{"name": "T", "valueFrom": "arn:2"}, {"name": "S", "valueFrom": "arn:1"}]
TWO = [container(), container(name="sidecar")]

CONTAINERS: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "environment variables in another order": (task(), task(environment=ENVIRONMENT)),
    "secrets in another order": (task(), task(secrets=SECRETS)),
    "containers in another order": (
        {"container_definitions": json.dumps(TWO)},
        {"container_definitions": json.dumps(TWO[::-1])},
    ),
    "keys in another order, with blanks": (
        task(),
        {"container_definitions": json.dumps([container()], indent=2, sort_keys=True)},
    ),
    "cpu 0 written out": (task(), task(cpu=0)),
    "essential left out": (task(), task(essential=None)),
    "empty lists written out": (task(), task(volumesFrom=[], systemControls=[], dnsServers=[])),
    "nulls written out": (task(), {"container_definitions": json.dumps([container() | {"command": None}])}),
    "empty text": (task(), task(hostname="")),
    "the host's port left out": (task(), task(portMappings=[{"containerPort": 8080, "protocol": "tcp"}])),
    "the host's port chosen by ECS": (
        task(),
        task(portMappings=[{"containerPort": 8080, "hostPort": 0, "protocol": "tcp"}]),
    ),
    "the protocol left out": (task(), task(portMappings=[{"containerPort": 8080, "hostPort": 8080}])),
    "a port written as text": (
        task(),
        task(portMappings=[{"containerPort": "8080", "hostPort": "8080", "protocol": "tcp"}]),
    ),
    "a writable mount left out": (task(), task(mountPoints=[{"sourceVolume": "tmp", "containerPath": "/tmp"}])),
    "the health check's defaults left out": (task(), task(healthCheck={"command": ["CMD", "true"]})),
    "a start period of 0": (
        task(),
        task(healthCheck={"command": ["CMD", "true"], "startPeriod": 0}),
    ),
    "not privileged, not interactive": (task(), task(privileged=False, interactive=False, pseudoTerminal=False)),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_written_otherwise_is_no_drift_of_either_kind(name: str) -> None:
    before, after = CONTAINERS[name]
    replaced = change(
        "aws_ecs_task_definition.this",
        ["delete", "create"],
        {**before, "arn": "a:1", "revision": 1},
        after,
        unknown={"arn": True, "revision": True, "id": True},
    )
    follows = change(
        "aws_ecs_service.this", ["update"], {"task_definition": "a:1"}, {}, unknown={"task_definition": True}
    )
    assert judged(replaced, follows) == Finding(Sync.IN_SYNC, None, (), harmless=True)
    assert judged(seen=change("aws_ecs_task_definition.this", ["update"], before, after)).sync == Sync.IN_SYNC


def policy(**fields: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["a", "b"], **fields}
    other = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Principal": {"AWS": ACCOUNT}}
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [statement, other]})}


def reordered(value: Mapping[str, Any]) -> dict[str, Any]:
    document = json.loads(value["policy"])
    return {"policy": json.dumps({"Statement": document["Statement"][::-1], "Version": document["Version"]})}


LONG = {
    "policy": json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": f"s{n}", "Action": "a"} for n in range(99)]})
}
ROUTES = [{"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1"}]
OWN_ROUTE = {"route_table_id": "rtb-1", "destination_cidr_block": "0.0.0.0/0", "gateway_id": "igw-1"}
OPEN = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/8"]}
OWN_RULE = {
    "security_group_id": "sg-1",
    "ip_protocol": "tcp",
    "from_port": 443,
    "to_port": 443,
    "cidr_ipv4": "10.0.0.0/8",
}

OUTSIDE: dict[str, Case] = {
    "a count that the autoscaler owns": ("aws_ecs_service.this", {"desired_count": 2}, {"desired_count": 5}),
    "a revision that a pipeline registered": (
        "aws_ecs_service.this",
        {"task_definition": "orders:1"},
        {"task_definition": "orders:2"},
    ),
    "the newest revision of a family": (
        "aws_ecs_task_definition.this",
        {"revision": 1, "arn": "orders:1"},
        {"revision": 2, "arn": "orders:2"},
    ),
    "no tags instead of none": ("aws_lb.this", {"tags": None}, {"tags": {}}),
    "an empty list instead of null": ("aws_subnet.this", {"ipv6": None}, {"ipv6": []}),
    "an empty text instead of null": ("aws_sns_topic.this", {"policy_id": None}, {"policy_id": ""}),
    "false instead of null": ("aws_vpc.this", {"flag": None}, {"flag": False}),
    "0 instead of null": ("aws_cloudwatch_log_group.this", {"retention_in_days": None}, {"retention_in_days": 0}),
    "tags that the provider merges": ("aws_lb.this", {"tags_all": {"a": "1"}}, {"tags_all": {"a": "1", "b": "2"}}),
    "members of a set in another order": ("aws_vpc.this", {"zones": ["a", "b"]}, {"zones": ["b", "a"]}),
    "blocks of a set in another order": (
        "aws_ecs_cluster.this",
        {"setting": [{"name": "a"}, {"name": "b"}, {"name": "c"}]},
        {"setting": [{"name": "c"}, {"name": "a"}, {"name": "b"}]},
    ),
    "a policy with other blanks": (
        "aws_iam_policy.this",
        policy(),
        {"policy": json.dumps(json.loads(policy()["policy"]), indent=4)},
    ),
    "a policy's statements in another order": ("aws_iam_policy.this", policy(), reordered(policy())),
    "a policy's actions in another order": (
        "aws_iam_policy.this",
        policy(),
        policy(Action=["s3:PutObject", "s3:GetObject"]),
    ),
    "one action instead of a list of one": (
        "aws_iam_policy.this",
        policy(Action=["s3:GetObject"]),
        policy(Action="s3:GetObject"),
    ),
    "an account written as its root": (
        "aws_kms_key.this",
        policy(Principal={"AWS": ACCOUNT}),
        policy(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
    ),
    "a condition's value as a list": (
        "aws_sns_topic.this",
        policy(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
        policy(Condition={"StringEquals": {"aws:SourceAccount": [ACCOUNT]}}),
    ),
    "a long policy in another order": ("aws_iam_policy.this", LONG, reordered(LONG)),
    "JSON that is no policy, with other blanks": (
        "aws_ecr_lifecycle_policy.this",
        {"policy": '{"rules": [1, 2]}'},
        {"policy": '{"rules":[1,2]}'},
    ),
    "inline policies that an exclusive resource watches": (
        "aws_iam_role.task",
        {"inline_policy": []},
        {"inline_policy": [{"name": "start-task"}]},
    ),
    "attachments that an exclusive resource watches": (
        "aws_iam_role.task",
        {"managed_policy_arns": []},
        {"managed_policy_arns": ["arn:1"]},
    ),
    "the last time a role was used": (
        "aws_iam_role.task",
        {"role_last_used": None},
        {"role_last_used": [{"region": "eu-central-1"}]},
    ),
    "the load balancers of a target group": (
        "aws_lb_target_group.this",
        {"load_balancer_arns": []},
        {"load_balancer_arns": ["arn:1"]},
    ),
    "a timestamp": ("aws_secretsmanager_secret.this", {"last_modified": "1"}, {"last_modified": "2"}),
    "the table's capacity, scaled": ("aws_dynamodb_table.this", {"read_capacity": 5}, {"read_capacity": 9}),
    "a route that a resource of its own made": (
        "aws_route_table.this",
        {"id": "rtb-1", "route": []},
        {"id": "rtb-1", "route": ROUTES},
    ),
    "a bucket's policy that a resource of its own made": (
        "aws_s3_bucket.logs",
        {"id": "logs", "policy": ""},
        {"id": "logs", "policy": "{}"},
    ),
    "a bucket's encryption that a resource of its own made": (
        "aws_s3_bucket.logs",
        {"id": "logs", "server_side_encryption_configuration": []},
        {"id": "logs", "server_side_encryption_configuration": [{"rule": []}]},
    ),
    "a rule of a group that a resource of its own made": (
        "aws_security_group.this",
        {"id": "sg-1", "ingress": []},
        {"id": "sg-1", "ingress": [OPEN]},
    ),
}
STATE = {
    "aws_route.internet": OWN_ROUTE,
    "aws_s3_bucket_policy.logs": {"bucket": "logs"},
    "aws_s3_bucket_server_side_encryption_configuration.logs": {"bucket": "logs"},
    "aws_vpc_security_group_ingress_rule.web": OWN_RULE,
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_others_own_or_write_otherwise_is_no_drift(name: str) -> None:
    address, before, after = OUTSIDE[name]
    assert judged(seen=change(address, ["update"], before, after), state=STATE).sync == Sync.IN_SYNC


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(CONTAINERS) + len(OUTSIDE) >= 45


HARMFUL: dict[str, Case] = {
    "another image": ("aws_ecs_task_definition.this", task(), task(image="orders:2")),
    "another value": (
        "aws_ecs_task_definition.this",
        task(),
        task(environment=[{"name": "A", "value": "2"}, {"name": "B", "value": "2"}]),
    ),
    "a variable more": (
        "aws_ecs_task_definition.this",
        task(),
        task(environment=[*ENVIRONMENT, {"name": "C", "value": "3"}]),
    ),
    "a port more": (
        "aws_ecs_task_definition.this",
        task(),
        task(portMappings=[{"containerPort": 8080, "protocol": "tcp"}, {"containerPort": 22, "protocol": "tcp"}]),
    ),
    "the same port over UDP": (
        "aws_ecs_task_definition.this",
        task(),
        task(portMappings=[{"containerPort": 8080, "protocol": "udp"}]),
    ),
    "a privileged container": ("aws_ecs_task_definition.this", task(), task(privileged=True)),
    "a container that is not essential": ("aws_ecs_task_definition.this", task(), task(essential=False)),
    "a command in another order": ("aws_ecs_task_definition.this", task(command=["a", "b"]), task(command=["b", "a"])),
    "a read-only mount": (
        "aws_ecs_task_definition.this",
        task(),
        task(mountPoints=[{"sourceVolume": "tmp", "containerPath": "/tmp", "readOnly": True}]),
    ),
    "an action more": (
        "aws_iam_policy.this",
        policy(),
        policy(Action=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]),
    ),
    "another principal": ("aws_kms_key.this", policy(Principal={"AWS": ACCOUNT}), policy(Principal={"AWS": "*"})),
    "a condition less": ("aws_sns_topic.this", policy(Condition={"Bool": {"aws:SecureTransport": "true"}}), policy()),
    "JSON in another order that may mean something": (
        "aws_ecr_lifecycle_policy.this",
        {"policy": '{"rules": [1, 2]}'},
        {"policy": '{"rules": [2, 1]}'},
    ),
    "a tag": ("aws_lb.this", {"tags": {"Owner": "a"}}, {"tags": {"Owner": "b"}}),
    "a route beside the managed one": (
        "aws_route_table.this",
        {"id": "rtb-1", "route": ROUTES},
        {"id": "rtb-1", "route": [*ROUTES, {"cidr_block": "192.0.2.0/24", "gateway_id": "igw-9"}]},
    ),
    "a rule beside the managed one": (
        "aws_security_group.this",
        {"id": "sg-1", "ingress": []},
        {"id": "sg-1", "ingress": [OPEN, OPEN | {"from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}]},
    ),
    "another source of a managed rule": (
        "aws_security_group.this",
        {"id": "sg-1", "ingress": [OPEN]},
        {"id": "sg-1", "ingress": [OPEN | {"cidr_blocks": ["10.0.0.0/8", "0.0.0.0/0"]}]},
    ),
    "CORS on a bucket": (
        "aws_s3_bucket.logs",
        {"id": "logs", "cors_rule": []},
        {"id": "logs", "cors_rule": [{"allowed_origins": ["*"]}]},
    ),
}


@pytest.mark.parametrize("name", HARMFUL)
def test_a_harmful_neighbour_is_told(name: str) -> None:
    address, before, after = HARMFUL[name]
    found = judged(seen=change(address, ["update"], before, after), state=STATE)
    assert (found.sync, found.reason) == (Sync.DRIFTED, Reason.UNMANAGED_ADDITION)
    assert [item.address for item in found.drifted] == [address]
    planned = judged(change(address, ["update"], after, before))
    assert (planned.sync, planned.reason) == (Sync.DRIFTED, Reason.OUT_OF_BAND_CHANGE)
