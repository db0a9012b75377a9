"""The plan of one service, before anything is applied: `orders` is public, `ledger` internal, `mailer` a worker."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.core.inputs.variables import variables as compile_inputs
from tests.core.instances import DEVELOP, IMAGE, SERVICE, instance
from tests.terraform.inputs import ACCOUNT, KEY, REGION, platform_output
from tests.terraform.plans import Plan
from tests.terraform.workbench import Workbench

pytestmark = pytest.mark.aws
OUTPUTS = {
    "codebuild_project_name",
    "image_parameter_name",
    "pipeline_arn",
    "pipeline_name",
    "service_name", "service_arn", "cluster_name", "task_definition_arn", "task_definition_family", "container_name",
    "ecr_repository_url", "ecr_repository_name", "log_group_name", "security_group_id", "execution_role_arn",
    "task_role_arn", "target_group_arn", "service_discovery_arn", "ecr_repository_arn", "alarm_names",
    "pre_deployment_task_definition_arn",
}  # fmt: skip
SCALED = """
  scaling:
    min: 2
    max: 6
    requestsPerTarget: 900
    schedules: [{cron: "0 8 ? * MON-FRI *", timezone: Europe/Berlin, min: 4, max: 9}]
  spot: 50
  deployment:
    minimumHealthyPercent: 0
    maximumPercent: 100
    rollbackAlarms: [memory, shop-latency]
    forceNew: 2027-01
"""


def container(plan: Plan) -> dict[str, Any]:
    (only,) = plan.one("aws_ecs_task_definition").document("container_definitions")
    found: dict[str, Any] = only
    return found


def variables(plan: Plan) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container(plan)["environment"]}


def test_a_public_service_is_reached_through_its_listener_rule(orders: Plan) -> None:
    rule = orders.one("aws_lb_listener_rule").values
    assert rule["priority"] == 120
    assert rule["condition"][0]["path_pattern"][0]["values"] == ["/orders", "/orders/*"]
    assert rule["listener_arn"] == platform_output("prod")["alb"]["listener_arn"]
    group = orders.one("aws_lb_target_group").values
    assert (group["port"], group["protocol"], group["target_type"]) == (80, "HTTP", "ip")
    assert group["deregistration_delay"] == "30"
    assert group["health_check"][0]["path"] == "/healthz"
    assert group["name"].startswith("prod-orders-")
    assert len(group["name"]) <= 32
    attached = orders.one("aws_ecs_service").values["load_balancer"][0]
    assert (attached["container_name"], attached["container_port"]) == ("orders", 8080)
    assert orders.of("aws_service_discovery_service") == []


def test_an_internal_service_is_reached_by_name_only(ledger: Plan) -> None:
    discovery = ledger.one("aws_service_discovery_service").values
    assert discovery["name"] == "ledger"
    assert discovery["dns_config"][0]["routing_policy"] == "MULTIVALUE"
    assert discovery["dns_config"][0]["dns_records"] == [{"ttl": 10, "type": "A"}]
    assert ledger.of("aws_lb_target_group", "aws_lb_listener_rule") == []
    service = ledger.one("aws_ecs_service")
    assert service.values["load_balancer"] == []
    assert len(service.values["service_registries"]) == 1


def test_a_worker_is_not_reached_at_all(mailer: Plan) -> None:
    assert mailer.of("aws_lb_target_group", "aws_lb_listener_rule", "aws_service_discovery_service") == []
    assert mailer.one("aws_security_group").values["ingress"] == []
    assert container(mailer)["portMappings"] == []


def test_tasks_run_in_private_subnets_without_public_addresses(orders: Plan) -> None:
    network = orders.one("aws_ecs_service").values["network_configuration"][0]
    assert network["assign_public_ip"] is False
    assert set(network["subnets"]) == set(platform_output("prod")["private_subnet_ids"])


def test_a_rollout_keeps_capacity_and_turns_back_when_it_fails(orders: Plan) -> None:
    service = orders.one("aws_ecs_service").values
    assert (service["deployment_minimum_healthy_percent"], service["deployment_maximum_percent"]) == (100, 200)
    assert service["deployment_circuit_breaker"] == [{"enable": True, "rollback": True}]
    assert service["wait_for_steady_state"] is False


def test_production_never_runs_on_spot_and_develop_keeps_one_regular_task(orders: Plan, ledger: Plan) -> None:
    def capacity(plan: Plan) -> dict[str, tuple[int, int]]:
        strategy = plan.one("aws_ecs_service").values["capacity_provider_strategy"]
        return {entry["capacity_provider"]: (entry["base"], entry["weight"]) for entry in strategy}

    assert capacity(orders) == {"FARGATE": (1, 1)}
    assert capacity(ledger) == {"FARGATE": (1, 1), "FARGATE_SPOT": (0, 4)}


def test_only_the_callers_of_a_service_may_reach_its_one_port(orders: Plan, ledger: Plan) -> None:
    for plan, port, caller in (
        (orders, 8080, platform_output("prod")["alb"]["security_group_id"]),
        (ledger, 8000, platform_output("develop")["security_groups"]["internal_services"]),
    ):
        (rule,) = plan.one("aws_security_group").values["ingress"]
        assert (rule["from_port"], rule["to_port"], rule["security_groups"]) == (port, port, [caller])
        assert rule["cidr_blocks"] == rule["ipv6_cidr_blocks"] == rule["prefix_list_ids"] == []


def test_out_of_a_service_lead_https_and_the_vpc(orders: Plan) -> None:
    rules = orders.one("aws_security_group").values["egress"]
    assert {(rule["from_port"], rule["to_port"], rule["protocol"], *rule["cidr_blocks"]) for rule in rules} == {
        (443, 443, "tcp", "0.0.0.0/0"),
        (1, 65535, "tcp", "10.10.0.0/16"),
    }


def test_images_never_change_under_a_tag_are_scanned_encrypted_and_expire(orders: Plan) -> None:
    repository = orders.one("aws_ecr_repository").values
    assert repository["name"] == "prod/orders"
    assert repository["image_tag_mutability"] == "IMMUTABLE"
    assert repository["image_scanning_configuration"] == [{"scan_on_push": True}]
    assert repository["encryption_configuration"] == [{"encryption_type": "KMS", "kms_key": f"{KEY}1"}]
    assert not repository["force_delete"]
    untagged, deployed, ran, kept = orders.one("aws_ecr_lifecycle_policy").document("policy")["rules"]
    assert untagged["selection"] == {
        "tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 7,
    }  # fmt: skip
    assert deployed["selection"]["tagPatternList"] == [container(orders)["image"].rpartition(":")[2]]
    assert ran["selection"]["tagPatternList"] == ["deployed-*"]
    assert kept["selection"]["countType"] == "imageCountMoreThan"
    (pull,) = orders.one("aws_ecr_repository_policy").document("policy")["Statement"]
    assert pull["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:role/prod-orders-execution"}


def test_the_container_is_written_as_aws_returns_it(orders: Plan) -> None:
    task = orders.one("aws_ecs_task_definition").values
    assert (task["family"], task["network_mode"], task["cpu"], task["memory"]) == (
        "prod-orders",
        "awsvpc",
        "256",
        "512",
    )
    assert task["requires_compatibilities"] == ["FARGATE"]
    assert (task["track_latest"], task["skip_destroy"]) == (True, True)
    found = container(orders)
    assert found["portMappings"] == [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}]
    assert found["readonlyRootFilesystem"] is True
    scratch = {"containerPath": "/tmp", "mountOptions": ["exec", "mode=1777", "nodev", "nosuid"], "size": 256}
    assert found["linuxParameters"] == {"initProcessEnabled": True, "tmpfs": [scratch]}
    assert (found["volumesFrom"], found["systemControls"]) == ([], [])
    assert [entry["name"] for entry in found["environment"]] == sorted(variables(orders))
    assert found["logConfiguration"]["options"] == {
        "awslogs-group": "/ecs/prod/orders", "awslogs-region": REGION, "awslogs-stream-prefix": "orders",
    }  # fmt: skip


def test_each_runtime_gets_its_own_variables_and_health_check(orders: Plan, ledger: Plan, mailer: Plan) -> None:
    assert variables(orders) == {"NODE_ENV": "production", "PORT": "8080", "LOG_LEVEL": "info"}
    assert container(orders)["healthCheck"]["command"][:2] == ["CMD", "node"]
    assert container(orders)["healthCheck"]["command"][-1] == "http://127.0.0.1:8080/healthz"
    assert variables(ledger)["PYTHONUNBUFFERED"] == "1"
    assert variables(ledger)["KAFKA_BOOTSTRAP_SERVERS"] == "b-1.kafka.example:9094,b-2.kafka.example:9094"
    assert container(ledger)["healthCheck"]["command"][:2] == ["CMD", "python3"]
    assert "healthCheck" not in container(mailer)


@pytest.mark.parametrize(("field", "seconds"), [("\n  stopTimeout: 90s", 90), ("", None)])
def test_a_manifest_sets_the_stop_timeout_of_its_container(
    workbench: Workbench, field: str, seconds: int | None
) -> None:
    # The whole path of a field: manifest, model, inputs, root, module, task definition. Absent, it leaves no key.
    found = instance(SERVICE.rstrip() + field)
    given = compile_inputs(found, DEVELOP, platform=platform_output("develop"), image=IMAGE)
    planned = container(workbench.plan("roots/service", given))
    assert planned.get("stopTimeout") == seconds
    assert ("stopTimeout" in planned) == (seconds is not None)


@pytest.fixture(scope="module")
def scaled(workbench: Workbench) -> Plan:
    """Return the plan of a manifest that says everything about its rollout and its number of tasks."""
    found = instance(SERVICE.replace("  scaling: {min: 2, max: 6}\n", "") + SCALED)
    given = compile_inputs(found, DEVELOP, platform=platform_output("develop"), image=IMAGE)
    return workbench.plan("roots/service", given)


def test_a_manifest_says_how_its_tasks_are_replaced(scaled: Plan) -> None:
    service = scaled.one("aws_ecs_service").values
    assert (service["deployment_minimum_healthy_percent"], service["deployment_maximum_percent"]) == (0, 100)
    assert service["deployment_circuit_breaker"] == [{"enable": True, "rollback": True}]
    watched = [{"enable": True, "rollback": True, "alarm_names": ["develop-orders-memory", "shop-latency"]}]
    assert service["alarms"] == watched
    assert service["triggers"] == {"forced": "2027-01"}
    assert service["availability_zone_rebalancing"] == "DISABLED", "at 100 % ECS has no room for it"


def test_a_manifest_says_how_many_tasks_run_at_which_time_and_on_which_capacity(scaled: Plan) -> None:
    assert {policy.key for policy in scaled.of("aws_appautoscaling_policy")} == {"cpu", "memory", "requests"}
    action = scaled.one("aws_appautoscaling_scheduled_action").values
    assert (action["schedule"], action["timezone"]) == ("cron(0 8 ? * MON-FRI *)", "Europe/Berlin")
    strategy = scaled.one("aws_ecs_service").values["capacity_provider_strategy"]
    shares = {entry["capacity_provider"]: (entry["base"], entry["weight"]) for entry in strategy}
    assert shares == {"FARGATE": (1, 50), "FARGATE_SPOT": (0, 50)}


def test_secrets_are_named_never_valued_and_readable_by_nothing_else(orders: Plan, mailer: Plan) -> None:
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:orders/database-url"
    assert container(orders)["secrets"] == [{"name": "DATABASE_URL", "valueFrom": arn}]
    statements = {s["Sid"]: s for s in orders.one("aws_iam_role_policy").document("policy")["Statement"]}
    assert statements["ReadSecrets"]["Resource"] == [f"{arn}-??????"]
    assert statements["DecryptSecrets"]["Resource"] == [f"{KEY}2"]
    assert "ReadSecrets" not in json.dumps(mailer.one("aws_iam_role_policy").document("policy"))


def test_roles_are_two_tied_to_this_account_and_exclusive(orders: Plan) -> None:
    roles = orders.of("aws_iam_role")
    assert {role.values["name"] for role in roles} == {"prod-orders-execution", "prod-orders-task"}
    for role in roles:
        trust = role.document("assume_role_policy")["Statement"][0]
        assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    inline = {entry.name: entry.values["policy_names"] for entry in orders.of("aws_iam_role_policies_exclusive")}
    assert inline == {"execution": ["start-task"], "task": []}
    attached = {
        entry.name: entry.values["policy_arns"] for entry in orders.of("aws_iam_role_policy_attachments_exclusive")
    }
    assert attached == {"execution": [], "task": []}


def test_no_statement_is_wider_than_it_must_be(orders: Plan) -> None:
    statements = orders.one("aws_iam_role_policy").document("policy")["Statement"]
    wide = [statement["Action"] for statement in statements if "*" in statement["Resource"]]
    assert wide == [["ecr:GetAuthorizationToken"]]


def test_logs_are_encrypted_and_kept_by_tier(orders: Plan, ledger: Plan) -> None:
    for plan, name, days in ((orders, "/ecs/prod/orders", 90), (ledger, "/ecs/develop/ledger", 30)):
        group = plan.one("aws_cloudwatch_log_group").values
        assert (group["name"], group["retention_in_days"], group["kms_key_id"]) == (name, days, f"{KEY}3")


def test_scaling_follows_cpu_and_memory_within_the_manifests_bounds(orders: Plan) -> None:
    target = orders.one("aws_appautoscaling_target").values
    assert (target["resource_id"], target["min_capacity"], target["max_capacity"]) == ("service/prod/orders", 2, 6)
    policies = {
        policy.values["target_tracking_scaling_policy_configuration"][0]["predefined_metric_specification"][0][
            "predefined_metric_type"
        ]: policy.values["target_tracking_scaling_policy_configuration"][0]["target_value"]
        for policy in orders.of("aws_appautoscaling_policy")
    }
    assert policies == {"ECSServiceAverageCPUUtilization": 60, "ECSServiceAverageMemoryUtilization": 70}
    assert orders.one("aws_ecs_service").values["desired_count"] == 2


def test_without_an_image_nothing_is_started(mailer: Plan) -> None:
    registry = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
    assert container(mailer)["image"] == f"{registry}/develop/mailer:awaiting-first-image"
    assert mailer.one("aws_ecs_service").values["desired_count"] == 0
    target = mailer.one("aws_appautoscaling_target").values
    assert (target["min_capacity"], target["max_capacity"]) == (0, 6)


def test_everything_that_can_carry_tags_says_whose_it_is(orders: Plan) -> None:
    tagged = [resource for resource in orders.resources if "tags_all" in resource.values]
    expected = {
        "Environment": "prod", "Owner": "platform-team", "CostCenter": "4711", "Compliance": "internal",
        "ManagedBy": "reconciler", "Service": "orders", "Repository": "acme/orders", "label/team": "shop",
    }  # fmt: skip
    assert len(tagged) >= 9
    assert [
        resource.address for resource in tagged if not resource.values["tags_all"].items() >= expected.items()
    ] == []
    service = orders.one("aws_ecs_service").values
    assert (service["propagate_tags"], service["enable_ecs_managed_tags"]) == ("SERVICE", True)


def test_all_kinds_put_out_the_same_names(orders: Plan, ledger: Plan, mailer: Plan) -> None:
    assert orders.outputs == OUTPUTS
    assert ledger.outputs | {"target_group_arn"} == OUTPUTS
    assert mailer.outputs | {"target_group_arn", "service_discovery_arn"} == OUTPUTS
