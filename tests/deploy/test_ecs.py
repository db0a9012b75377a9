"""The daemon's task, service and storage, as planned and as applied to the stand-in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from deploy.local import ecs
from deploy.local.standin import StandIn
from reconciler.config.guards import EnvironmentSettings
from reconciler.config.values import read_duration
from reconciler.edges.store.dynamodb import KEYS
from tests.deploy.calls import KEY_IN_USE
from tests.deploy.conftest import DAEMON, ENVIRONMENTS, Applied
from tests.iam.uploads import OWN_KEY_ONLY, let_through
from tests.terraform.plans import read_plan

pytestmark = pytest.mark.aws


@pytest.fixture(scope="session")
def container(daemon: Applied) -> dict[str, Any]:
    (found,) = daemon.first.one("aws_ecs_task_definition").document("container_definitions")
    document: dict[str, Any] = found
    return document


@pytest.fixture(scope="session")
def environment(container: dict[str, Any]) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in container["environment"]}


class TestTask:
    def test_the_stop_timeout_is_fargates_maximum_and_exceeds_drain_and_grace(
        self, container: dict[str, Any], environment: dict[str, str]
    ) -> None:
        assert container["stopTimeout"] == 120
        needed = [read_duration(environment[f"RECONCILER__STOP__{name}"]) for name in ("DRAIN", "GRACE")]
        assert (needed[0] + needed[1]).total_seconds() < container["stopTimeout"]

    def test_only_the_workspace_and_tmp_are_writable(
        self, daemon: Applied, container: dict[str, Any], environment: dict[str, str]
    ) -> None:
        assert container["readonlyRootFilesystem"] is True
        mounts = {mount["sourceVolume"]: mount["containerPath"] for mount in container["mountPoints"]}
        assert mounts == {"workspace": environment["RECONCILER__DATA"], "tmp": "/tmp"}
        task = daemon.first.one("aws_ecs_task_definition")
        assert {volume["name"] for volume in task.values["volume"]} == set(mounts)
        assert task.values["ephemeral_storage"] == [{"size_in_gib": 50}]

    def test_an_init_process_reaps_children_and_all_capabilities_are_dropped(self, container: dict[str, Any]) -> None:
        assert container["linuxParameters"]["initProcessEnabled"] is True
        assert container["linuxParameters"]["capabilities"] == {"add": [], "drop": ["ALL"]}
        assert container["user"] == "10001:10001"

    def test_all_secrets_are_references_and_none_is_a_plain_variable(
        self, container: dict[str, Any], environment: dict[str, str], given: dict[str, Any]
    ) -> None:
        secrets = {secret["name"]: secret["valueFrom"] for secret in container["secrets"]}
        assert secrets == given["secrets"]
        assert "RECONCILER__REDACTION__KEY" in secrets
        assert not set(secrets) & set(environment)

    def test_the_container_has_a_limit_of_memory_of_its_own(self, container: dict[str, Any]) -> None:
        """Without one Fargate gives the cgroup no limit, and /proc/meminfo has the memory of the host."""
        assert container["memory"] == 8192

    def test_it_runs_on_fargate_with_two_roles(self, daemon: Applied) -> None:
        task = daemon.second.one("aws_ecs_task_definition").values
        assert (task["network_mode"], task["requires_compatibilities"]) == ("awsvpc", ["FARGATE"])
        assert task["execution_role_arn"] != task["task_role_arn"]
        assert task["task_role_arn"] == daemon.outputs["task_role_arn"] == DAEMON

    def test_its_logs_go_to_the_encrypted_group_without_blocking(
        self, daemon: Applied, container: dict[str, Any]
    ) -> None:
        group = daemon.second.one("aws_cloudwatch_log_group").values
        options = container["logConfiguration"]["options"]
        assert options["awslogs-group"] == group["name"]
        assert options["mode"] == "non-blocking"
        assert group["retention_in_days"] == 365
        assert group["kms_key_id"] == daemon.second.one("aws_kms_key").values["arn"]


class TestService:
    def test_there_is_never_a_second_task(self, daemon: Applied) -> None:
        service = daemon.first.one("aws_ecs_service").values
        assert service["desired_count"] == 1
        assert service["deployment_minimum_healthy_percent"] == 0
        assert service["deployment_maximum_percent"] == 100
        assert service["availability_zone_rebalancing"] == "DISABLED"
        assert service["deployment_circuit_breaker"] == [{"enable": True, "rollback": True}]

    def test_without_an_image_there_is_no_task_and_without_scraping_groups_no_ingress(
        self, root: ecs.Root, daemon: Applied, given: dict[str, Any]
    ) -> None:
        found = "arn:aws:servicediscovery:eu-central-1:123456789012:service/srv-0123456789abcdef"
        closed = given["network"] | {"metrics_security_group_ids": [], "service_discovery_arn": found}
        planned = read_plan(root.plan(given | {"image": {}, "network": closed}, refresh=False))
        assert planned.one("aws_ecs_service").values["desired_count"] == 0
        assert planned.one("aws_security_group").values["ingress"] == []
        assert planned.one("aws_ecs_service").values["service_registries"][0]["registry_arn"] == found

    def test_it_has_no_public_address_and_allows_only_scraping(self, daemon: Applied, given: dict[str, Any]) -> None:
        network = daemon.first.one("aws_ecs_service").values["network_configuration"][0]
        assert network["assign_public_ip"] is False
        group = daemon.first.one("aws_security_group").values
        (rule,) = group["ingress"]
        assert (rule["from_port"], rule["to_port"], rule["protocol"]) == (8080, 8080, "tcp")
        assert rule["security_groups"] == given["network"]["metrics_security_group_ids"]
        assert rule["cidr_blocks"] == rule["ipv6_cidr_blocks"] == []
        assert [(rule["from_port"], rule["to_port"]) for rule in group["egress"]] == [(443, 443)]


class TestStorage:
    def test_the_table_has_the_stores_keys_and_expires_passes(self, daemon: Applied) -> None:
        table = daemon.second.one("aws_dynamodb_table").values
        assert ((table["hash_key"], "HASH"), (table["range_key"], "RANGE")) == KEYS
        assert table["ttl"] == [{"attribute_name": "expires", "enabled": True}]
        assert table["point_in_time_recovery"][0]["enabled"] is True
        assert table["deletion_protection_enabled"] is True

    def test_everything_is_encrypted_with_the_daemons_own_key(self, daemon: Applied) -> None:
        key = daemon.second.one("aws_kms_key").values
        assert key["enable_key_rotation"] is True
        table = daemon.second.one("aws_dynamodb_table").values["server_side_encryption"]
        assert table == [{"enabled": True, "kms_key_arn": key["arn"]}]
        (rule,) = daemon.second.one("aws_s3_bucket_server_side_encryption_configuration").values["rule"]
        assert rule["apply_server_side_encryption_by_default"] == [
            {"kms_master_key_id": key["arn"], "sse_algorithm": "aws:kms"}
        ]
        images = daemon.second.one("aws_ecr_repository").values
        assert images["encryption_configuration"] == [{"encryption_type": "KMS", "kms_key": key["arn"]}]
        assert images["image_tag_mutability"] == "IMMUTABLE"

    def test_the_key_is_usable_only_through_the_services_that_need_it(self, daemon: Applied) -> None:
        (statement,) = daemon.second.one("aws_iam_role_policy", "key").document("policy")["Statement"]
        assert statement["Resource"] == [daemon.second.one("aws_kms_key").values["arn"]]
        assert set(statement["Action"]) == KEY_IN_USE
        through = statement["Condition"]["StringEquals"]["kms:ViaService"]
        assert through == ["dynamodb.eu-central-1.amazonaws.com", "s3.eu-central-1.amazonaws.com"]

    def test_the_bucket_is_private_versioned_and_requires_tls(self, daemon: Applied) -> None:
        block = daemon.second.one("aws_s3_bucket_public_access_block").values
        names = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
        assert all(block[name] for name in names)
        versioning = daemon.second.one("aws_s3_bucket_versioning").values["versioning_configuration"]
        assert versioning[0]["status"] == "Enabled"
        statement = daemon.second.one("aws_s3_bucket_policy").document("policy")["Statement"][0]
        assert statement["Effect"] == "Deny"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert len(statement["Resource"]) == 2

    def test_the_bucket_takes_nothing_that_names_another_key(self, daemon: Applied) -> None:
        policy = daemon.second.one("aws_s3_bucket_policy").document("policy")
        bucket = daemon.second.one("aws_s3_bucket").values["bucket"]
        key = daemon.second.one("aws_kms_key").values["arn"]
        assert let_through(policy, bucket, key, "alias/reconciler") == OWN_KEY_ONLY


def test_the_environment_is_the_whole_configuration(environment: dict[str, str], daemon: Applied) -> None:
    assert environment == daemon.outputs["environment"]
    served = json.loads(environment["RECONCILER__ENVIRONMENTS"])
    assert {name: place["tier"] for name, place in served.items()} == {"develop": "develop", "eu-prod": "prod"}
    assert served["eu-prod"]["floor"]["mode"] == "approve"
    assert served["eu-prod"]["source"]["ref"] == "v3"
    assert set(served) == set(ENVIRONMENTS)
    assert environment["RECONCILER__STORE__TABLE"] == daemon.second.one("aws_dynamodb_table").values["name"]
    assert environment["RECONCILER__STORE__BUCKET"] == daemon.second.one("aws_s3_bucket").values["bucket"]


def test_no_setting_of_an_environment_is_dropped(environment: dict[str, str]) -> None:
    def settings(model: type[BaseModel], prefix: str = "") -> set[str]:
        found: set[str] = set()
        for name, field in model.model_fields.items():
            match field.annotation:
                case type() as nested if issubclass(nested, BaseModel):
                    found |= settings(nested, f"{name}.")
                case _:
                    found.add(f"{prefix}{name}")
        return found

    served = json.loads(environment["RECONCILER__ENVIRONMENTS"])["eu-prod"]
    roles = served.pop("tenant_roles")  # by the names of tenants, which are no settings
    assert roles == ENVIRONMENTS["eu-prod"]["tenant_roles"]
    assert served.pop("policies") == {}  # by names of their own, too
    given = {f"{name}.{key}" for name, value in served.items() if isinstance(value, dict) for key in value}
    assert given | {name for name, value in served.items() if not isinstance(value, dict)} | {
        "tenant_roles",
        "policies",
    } == settings(EnvironmentSettings)


@pytest.mark.parametrize("which", ["daemon", "target"])
def test_a_second_plan_is_a_no_op(which: str, request: pytest.FixtureRequest) -> None:
    applied: Applied = request.getfixturevalue(which)
    assert applied.first.changed()
    assert applied.second.changed() == {}


def test_the_service_is_active(aws: StandIn, daemon: Applied) -> None:
    found = aws.client("ecs").describe_services(cluster="reconciler", services=["reconciler"])["services"][0]
    assert (found["status"], found["desiredCount"], found["launchType"]) == ("ACTIVE", 1, "FARGATE")
    assert daemon.outputs["repository_url"] == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/reconciler"


def test_bad_input_is_refused_with_the_requirement(root: ecs.Root, given: dict[str, Any]) -> None:
    foreign = ENVIRONMENTS["develop"] | {"role": "arn:aws:iam::999999999999:role/r"}
    bad = {
        "secrets": {"RECONCILER__AUTH__TOKEN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:x"},
        "manifests": {"url": "https://me:password@git.example/x.git"},
        "task": {"cpu": 1024, "memory": 16384},
        "environments": {"develop": foreign},
        "network": given["network"] | {"egress_ports": [22]},
    }
    with pytest.raises(ecs.DeployFailed) as refused:
        root.plan(given | bad, refresh=False)
    output = " ".join(str(refused.value).replace("\u2502", "").split())
    for message in (
        "secrets must have RECONCILER__REDACTION__KEY",
        "must be an https address without credentials",
        "task.memory 16384 is not valid for task.cpu 1024",
        "role must be the ARN of a role in its account",
        "must be TCP ports with 443 among them",
    ):
        assert message in output
