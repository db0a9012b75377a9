"""Rollout of a service, proven: no capacity is lost, failures roll back, alarms ring, scaling follows use."""

from __future__ import annotations

import math

import pytest
from hypothesis import strategies as st

from tests.terraform.inputs import Variables
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.refusal import Refusal, refused
from tests.terraform.properties.services import (
    MODULE,
    SERVICE,
    depends_on,
    full_name,
    has_image,
    has_usual_rollout,
    in_production,
    is_public,
    is_worker,
    lowest,
)

DEPLOYMENT, DEPLOYMENT_LIMITS = f"{MODULE}deployment.tf", f"{MODULE}variables_deployment.tf"
SERVICE_FILE, SCALING, ALARMS = f"{MODULE}service.tf", f"{MODULE}autoscaling.tf", f"{MODULE}alarms.tf"
METRICS = {"ECSServiceAverageCPUUtilization": "cpu", "ECSServiceAverageMemoryUtilization": "memory"}
WATCHED = {
    ("AWS/ECS", "CPUUtilization"),
    ("AWS/ECS", "MemoryUtilization"),
    ("ECS/ContainerInsights", "RunningTaskCount"),
}
WATCHED_IF_PUBLIC = {
    ("AWS/ApplicationELB", "UnHealthyHostCount"),
    ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"),
}
WRONG = [
    Refusal("scaling.min", st.sampled_from([0, -1, 200]), says=("scaling.max",), where=is_public),
    Refusal("scaling.min", st.just(1), where=in_production, name="one task in production"),
    Refusal("scaling.cpu", st.sampled_from([0, 101, -5])),
    Refusal("alarms.memory", st.sampled_from([0, 101, -5])),
    Refusal("alarms.server_errors", st.sampled_from([-1, -10])),
]


def has_own_bounds(variables: Variables) -> bool:
    """Return whether no schedule's bounds are in force."""
    return variables["scaling"].get("schedule_in_force") is None or not has_image(variables)


def fewest(instance: Instance) -> int:
    """As many tasks as it starts with; none before the first image."""
    return int(instance.variables["scaling"]["min"]) if has_image(instance.variables) else 0


@proof(
    16,
    "Zero-downtime deployment configuration",
    of=SERVICE,
    part="service",
    broken_by=[
        Edit(DEPLOYMENT_LIMITS, "minimum_healthy_percent = optional(number, 100)",
             "minimum_healthy_percent = optional(number, 50)", says="capacity", where=has_usual_rollout),
        Edit(DEPLOYMENT_LIMITS, "circuit_breaker         = optional(bool, true)",
             "circuit_breaker = optional(bool, false)", says="circuit breaker", where=has_usual_rollout),
        Edit(SERVICE_FILE, "    rollback = var.deployment.circuit_breaker", "    rollback = false",
             says="circuit breaker", where=has_usual_rollout),
        Edit(SERVICE_FILE, "wait_for_steady_state              = false", "wait_for_steady_state = true",
             says="state lock"),
        Edit(DEPLOYMENT, 'local.tier != "prod" ? []', 'local.tier == "prod" ? []', says="alarms", where=in_production),
        Edit(SERVICE_FILE, "    aws_cloudwatch_metric_alarm.service,\n", "", says="comes before its alarms",
            where=in_production),
    ],
)  # fmt: skip
def test_property_16_zero_downtime_deployment_configuration_service(instance: Instance) -> None:
    """A deployment takes no capacity away, is taken back when it fails, and Terraform does not wait for its end.

    The end is the pipeline's to bound, and the daemon's: a time-out of Terraform bounds what it waits for.
    """
    service = instance.plan.one("aws_ecs_service").values
    limits = (service["deployment_minimum_healthy_percent"], service["deployment_maximum_percent"])
    if has_usual_rollout(instance.variables):
        assert limits == (100, 200), "a deployment takes capacity away"
        assert service["deployment_circuit_breaker"] == [{"enable": True, "rollback": True}], "no circuit breaker"
    assert service["wait_for_steady_state"] is False, "Terraform holds the state lock until a deployment ends"
    assert service.get("timeouts") is None, "a time-out that bounds nothing"
    if instance.tier != "prod":
        asked = instance.variables["deployment"].get("rollback_alarms")
        assert bool(service["alarms"]) == bool(asked), "alarms take deployments back in production only, or where asked"
        return
    assert service["alarms"], "no alarms are watched"
    (watched,) = service["alarms"]
    assert (watched["enable"], watched["rollback"]) == (True, True), "alarms do not take a deployment back"
    made = {alarm.values["alarm_name"] for alarm in instance.plan.of("aws_cloudwatch_metric_alarm")}
    others = set(instance.variables["deployment"].get("rollback_alarms", ())) & {"shop latency"}
    assert set(watched["alarm_names"]) <= made | others, "an alarm is watched that does not exist"
    assert f"{full_name(instance)}-cpu" in watched["alarm_names"]
    errors = f"{full_name(instance)}-server-errors" in watched["alarm_names"]
    assert errors == is_public(instance.variables), "answers with a 5xx are watched where there are any"
    assert depends_on(instance, "aws_ecs_service.this") >= {
        "aws_cloudwatch_metric_alarm.service",
        "aws_cloudwatch_metric_alarm.requests",
    }, "comes before its alarms"


@proof(
    21,
    "ECS service per microservice",
    of=SERVICE,
    broken_by=[
        Edit(SERVICE_FILE, "name                               = local.name", "name = local.full_name", says="name"),
        Edit(SERVICE_FILE, "task_definition                    = aws_ecs_task_definition.this.arn",
             "task_definition = aws_ecs_task_definition.this.family", says="revision"),
        Edit(SERVICE_FILE, "cluster                            = var.platform.cluster.arn",
             'cluster = "default"', says="cluster"),
    ],
)  # fmt: skip
def test_property_21_ecs_service_per_microservice(instance: Instance) -> None:
    """A manifest is one ECS service of its name in the environment's cluster, at its newest revision."""
    service = instance.plan.one("aws_ecs_service")
    assert service.values["name"] == instance.variables["service"]["name"], "it has another name"
    assert service.values["cluster"] == instance.variables["platform"]["cluster"]["arn"], "it is in another cluster"
    assert service.values["scheduling_strategy"] == "REPLICA"
    assert service.unknown.get("task_definition") is True, "it does not run the revision that is made with it"
    assert instance.plan.references(service, "task_definition") >= {"aws_ecs_task_definition.this.arn"}


@proof(
    23,
    "Auto-scaling policy presence",
    of=SERVICE,
    broken_by=[
        Edit(SCALING, "ECSServiceAverageMemoryUtilization", "ECSServiceAverageCPUUtilization", says="CPU and memory"),
        Edit(SCALING, 'resource_id        = "service/${var.platform.cluster.name}/${aws_ecs_service.this.name}"',
             'resource_id = "service/${aws_ecs_service.this.name}"', says="scales"),
        Edit(SCALING, "target = var.scaling.memory", "target = 100", says="use",
             where=lambda variables: variables["scaling"]["memory"] < 100),
        Edit(SCALING, "    scale_in_cooldown  = var.scaling.cooldowns.scale_in\n", "", says="cooldown"),
    ],
)  # fmt: skip
def test_property_23_auto_scaling_policy_presence(instance: Instance) -> None:
    """The number of tasks follows the mean use of CPU and of memory."""
    target = instance.plan.one("aws_appautoscaling_target").values
    scales = f"service/{instance.variables['platform']['cluster']['name']}/{instance.variables['service']['name']}"
    assert (target["service_namespace"], target["scalable_dimension"]) == ("ecs", "ecs:service:DesiredCount")
    assert target["resource_id"] == scales, "it scales another service"
    assert 0 <= target["min_capacity"] <= target["max_capacity"]
    followed = {}
    for policy in instance.plan.of("aws_appautoscaling_policy"):
        if policy.name != "this":
            continue  # the queue's, which tests/terraform/properties/test_service_scaling.py proves
        assert policy.values["policy_type"] == "TargetTrackingScaling"
        (tracking,) = policy.values["target_tracking_scaling_policy_configuration"]
        (metric,) = tracking["predefined_metric_specification"]
        followed[metric["predefined_metric_type"]] = tracking["target_value"]
        pauses = (tracking["scale_in_cooldown"], tracking["scale_out_cooldown"])
        given = instance.variables["scaling"].get("cooldowns", {"scale_in": 300, "scale_out": 60})
        assert pauses == (given["scale_in"], given["scale_out"]), "no cooldown, or another one"
    requests = instance.variables["scaling"].get("requests_per_target")
    metrics = METRICS | ({"ALBRequestCountPerTarget": "requests_per_target"} if requests else {})
    assert set(followed) == set(metrics), "it does not follow CPU and memory"
    wanted = {metric: instance.variables["scaling"][name] for metric, name in metrics.items()}
    assert followed == wanted, "it aims at another use"


@proof(
    24,
    "Desired count configuration",
    of=SERVICE,
    broken_by=[
        Edit(SERVICE_FILE, "desired_count                      = local.fewest", "desired_count = 1", says="starts with",
             where=lambda variables: has_image(variables) and variables["scaling"]["min"] > 1),
        Edit(SCALING, "max = var.scaling.max }", "max = var.scaling.max + 1 }", says="most", where=has_own_bounds),
        Edit(f"{MODULE}locals.tf", "local.awaiting_image ? 0 : var.scaling.min", "var.scaling.min", says="starts with",
             where=lambda variables: not has_image(variables)),
    ],
)  # fmt: skip
def test_property_24_desired_count_configuration(instance: Instance) -> None:
    """A service starts with its fewest tasks and scales between the bounds it was given; without an image none run."""
    desired = instance.plan.one("aws_ecs_service").values["desired_count"]
    target = instance.plan.one("aws_appautoscaling_target").values
    assert desired == fewest(instance), f"it starts with {desired} tasks"
    if has_own_bounds(instance.variables):
        assert target["min_capacity"] == fewest(instance), "it scales down to another number"
        assert target["max_capacity"] == instance.variables["scaling"]["max"], "another number is the most"
    if instance.tier == "prod" and has_image(instance.variables):
        assert desired >= 2 or (desired == 0 and is_worker(instance.variables)), "in production one task is none"


@proof(
    25,
    "Rolling update configuration",
    of=SERVICE,
    broken_by=[
        Edit(SERVICE_FILE, "deployment_maximum_percent         = var.deployment.maximum_percent",
             "deployment_maximum_percent = 100", says="cannot move", where=has_usual_rollout),
        Edit(SERVICE_FILE, "deployment_minimum_healthy_percent = var.deployment.minimum_healthy_percent",
             "deployment_minimum_healthy_percent = 150", says="bounds"),
    ],
)  # fmt: skip
def test_property_25_rolling_update_configuration(instance: Instance) -> None:
    """A rolling update has room to move, whatever the number of tasks."""
    service = instance.plan.one("aws_ecs_service").values
    least, most = service["deployment_minimum_healthy_percent"], service["deployment_maximum_percent"]
    assert 0 <= least <= 100 <= most <= 200, "outside of the bounds of a rolling update"
    for desired in range(1, instance.variables["scaling"]["max"] + 1):
        room = math.floor(desired * most / 100) > math.ceil(desired * least / 100)
        assert room, f"with {desired} tasks a rolling update cannot move"


@proof(
    27,
    "Private subnet placement",
    of=SERVICE,
    broken_by=[
        Edit(SERVICE_FILE, "assign_public_ip = false", "assign_public_ip = true", says="public address"),
        Edit(SERVICE_FILE, "var.platform.private_subnet_ids", "var.platform.public_subnet_ids", says="subnets"),
        Edit(SERVICE_FILE, "subnets          = var.platform.private_subnet_ids",
             "subnets = slice(var.platform.private_subnet_ids, 0, 1)", says="subnets"),
    ],
)  # fmt: skip
def test_property_27_private_subnet_placement(instance: Instance) -> None:
    """Tasks run in all private subnets, in no other, without a public address."""
    (network,) = instance.plan.one("aws_ecs_service").values["network_configuration"]
    platform = instance.variables["platform"]
    assert network["assign_public_ip"] is False, "tasks get a public address"
    assert set(network["subnets"]) == set(platform["private_subnet_ids"]), "not exactly the private subnets"
    assert not set(network["subnets"]) & set(platform["public_subnet_ids"])


@proof(
    30,
    "CloudWatch alarms creation",
    of=SERVICE,
    broken_by=[
        Edit(ALARMS, 'metric = "MemoryUtilization"', 'metric = "CPUUtilization"', says="watched"),
        Edit(ALARMS, "for_each = local.public ? local.request_alarms : {}", "for_each = {}", says="watched",
             where=is_public),
        Edit(ALARMS, 'local.expected_tasks == 0 ? "notBreaching" : "breaching"', '"missing"', says="stopped counting",
             where=has_image),
        Edit(ALARMS, "  ok_actions          = [var.platform.alarm_topic_arn]\n", "", says="end of an alarm"),
        Edit(ALARMS, "dimensions          = local.service_dimensions", "dimensions = {}", says="another service"),
        Edit(ALARMS, "threshold = var.alarms.cpu", "threshold = 99.5", says="threshold"),
    ],
)  # fmt: skip
def test_property_30_cloudwatch_alarms_creation(instance: Instance) -> None:
    """Prove that each failure of a service notifies the environment's topic, and that its end does too."""
    alarms = {
        (a.values["namespace"], a.values["metric_name"]): a
        for a in instance.plan.of("aws_cloudwatch_metric_alarm")
        if a.name != "wake"  # which tells nobody: it starts a first task
    }
    wanted = WATCHED | (WATCHED_IF_PUBLIC if is_public(instance.variables) else set())
    assert set(alarms) == wanted, f"watched are {sorted(alarms)}"
    topic = [instance.variables["platform"]["alarm_topic_arn"]]
    where = {
        "ClusterName": instance.variables["platform"]["cluster"]["name"],
        "ServiceName": instance.variables["service"]["name"],
    }
    for (namespace, _), alarm in alarms.items():
        assert list(alarm.values["alarm_actions"] or ()) == topic, "an alarm rings nowhere"
        assert list(alarm.values["ok_actions"] or ()) == topic, "nobody hears of the end of an alarm"
        assert alarm.values["actions_enabled"] is not False
        if namespace != "AWS/ApplicationELB":
            assert alarm.values["dimensions"] == where, "it watches another service"
    running = alarms["ECS/ContainerInsights", "RunningTaskCount"].values
    always = lowest(instance.variables) if has_image(instance.variables) else 0
    missing = "breaching" if always else "notBreaching"
    assert running["treat_missing_data"] == missing, "tasks that are stopped counting go unnoticed"
    assert running["threshold"] == always
    limits = instance.variables["alarms"]
    thresholds = [alarms["AWS/ECS", name].values["threshold"] for name in ("CPUUtilization", "MemoryUtilization")]
    assert thresholds == [limits["cpu"], limits["memory"]], "another threshold than was asked for"


@pytest.mark.parametrize("refusal", WRONG, ids=str)
def test_wrong_input_is_refused_with_variable_and_value(laboratory: Laboratory, refusal: Refusal) -> None:
    refused(laboratory, SERVICE, refusal)
