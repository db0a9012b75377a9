"""The number of tasks, proven: what scaling follows, which bounds hold at which time, how many are on Spot."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from tests.terraform.inputs import Variables
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, breaks, holds
from tests.terraform.properties.refusal import Refusal, refused
from tests.terraform.properties.services import (
    MODULE,
    SERVICE,
    full_name,
    has_image,
    in_production,
    is_internal,
    is_public,
    is_worker,
    lowest,
)

CAPACITY = f"{MODULE}capacity.tf"
SCALING, QUEUE, SCHEDULES = (
    f"{MODULE}{name}.tf" for name in ("autoscaling", "autoscaling_queue", "autoscaling_schedules")
)


def has_queue(variables: Variables) -> bool:
    return variables["scaling"]["queue"] is not None


def may_be_empty(variables: Variables) -> bool:
    return has_queue(variables) and lowest(variables) == 0


def is_scheduled(variables: Variables) -> bool:
    return has_image(variables) and bool(variables["scaling"]["schedules"])


def in_force(variables: Variables) -> bool:
    return has_image(variables) and variables["scaling"].get("schedule_in_force") is not None


FOLLOWING = [
    Edit(SCALING, "/${aws_lb_target_group.this[\"this\"].arn_suffix}", "", says="requests of its own",
         where=lambda v: bool(v["scaling"].get("requests_per_target"))),
    Edit(QUEUE, '"QueueName" => queue.name', '"QueueName" => "other"', says="another queue", where=has_queue),
    Edit(QUEUE, "messages / IF(tasks > 0, tasks, 1)", "messages", says="for each task", where=has_queue),
    Edit(QUEUE, "queue if local.lowest == 0", "queue if false", says="starts a first task", where=may_be_empty),
    Edit(QUEUE, "IF(FILL(tasks, 0) < 1, messages, 0)", "messages", says="while tasks run", where=may_be_empty),
    Edit(SCALING, "    disable_scale_in   = local.queue_empties\n", "", says="keeps the last task", where=may_be_empty),
]  # fmt: skip
TIMES = [
    Edit(SCHEDULES, "local.awaiting_image ? []", "false ? []", says="before an image", where=lambda v: (
        not has_image(v) and bool(v["scaling"]["schedules"]))),
    Edit(SCHEDULES, "timezone           = each.value.timezone", 'timezone = "UTC"', says="another time",
         where=lambda v: is_scheduled(v) and any("timezone" in one for one in v["scaling"]["schedules"])),
    Edit(SCHEDULES, "max_capacity = each.value.max", "max_capacity = each.value.max + 1", says="other bounds",
         where=is_scheduled),
    Edit(SCALING, "local.awaiting_image ? null : var.scaling.schedule_in_force", "null", says="in force",
         where=lambda v: in_force(v) and bounds_in_force(v) != (v["scaling"]["min"], v["scaling"]["max"])),
]  # fmt: skip
CAPACITY_OF = [
    Edit(CAPACITY, "weight = 100 - try(var.spot.share, 0)", "weight = 100", says="share",
         where=lambda v: bool(v["spot"]) and v["spot"]["share"] > 0),
    Edit(CAPACITY, "var.spot == null ? local.usual_capacity", "true ? local.usual_capacity", says="share",
         where=lambda v: bool(v["spot"]) and v["spot"]["share"] > 0),
    Edit(CAPACITY, "var.platform.cluster.spot && ", "", says="without being asked",
         where=lambda v: not v["spot"] and not v["platform"]["cluster"]["spot"] and not in_production(v)),
]  # fmt: skip
WRONG = [
    Refusal("spot.share", st.sampled_from([-1, 101, 0.5]), where=lambda v: bool(v["spot"])),
    Refusal("scaling.requests_per_target", st.just(10), where=is_internal),
    Refusal("scaling.requests_per_target", st.sampled_from([0, -1]), where=is_public, name="no requests"),
    Refusal("scaling.schedule_in_force", st.sampled_from([-1, 9, 50])),
    Refusal("scaling.queue.name", st.sampled_from(["a/b", "arn:aws:sqs:x", "", "a" * 81]), where=has_queue),
    Refusal("scaling.cooldowns.scale_in", st.sampled_from([-1, 3601, 0.5]),
            where=lambda v: "cooldowns" in v["scaling"]),
    Refusal("scaling.min", st.just(0), says=("nothing else starts a task",),
            where=lambda v: is_worker(v) and not has_queue(v) and not v["scaling"]["schedules"], name="never a task"),
]  # fmt: skip


def bounds_in_force(variables: Variables) -> tuple[int, int]:
    scaling = variables["scaling"]
    one = scaling["schedules"][scaling["schedule_in_force"]]
    return one["min"], one["max"]


def the_number_of_tasks_follows_requests_and_queue(instance: Instance) -> None:
    scaling, plan = instance.variables["scaling"], instance.plan
    policies = {(one.name, one.key): one for one in plan.of("aws_appautoscaling_policy")}
    if scaling.get("requests_per_target"):
        label = "aws_lb_target_group.this"
        found = plan.references(policies["this", "requests"], "target_tracking_scaling_policy_configuration")
        assert any(reference.startswith(label) for reference in found), "it does not count requests of its own"
    for (name, key), policy in policies.items():
        if name == "this":
            (tracking,) = policy.values["target_tracking_scaling_policy_configuration"]
            only_out = bool(tracking["disable_scale_in"])
            assert only_out == may_be_empty(instance.variables), f"{key} keeps the last task"
    assert ("queue" in {name for name, _ in policies}) == has_queue(instance.variables)
    alarms = [one for one in plan.of("aws_cloudwatch_metric_alarm") if one.name == "wake"]
    assert len(alarms) == may_be_empty(instance.variables), "what starts a first task"
    if has_queue(instance.variables):
        (tracking,) = policies["queue", "queue"].values["target_tracking_scaling_policy_configuration"]
        assert tracking["target_value"] == scaling["queue"]["backlog_per_task"]
        metrics = {one["id"]: one for one in tracking["customized_metric_specification"][0]["metrics"]}
        (stat,) = metrics["messages"]["metric_stat"]
        wanted = [{"name": "QueueName", "value": scaling["queue"]["name"]}]
        assert stat["metric"][0]["dimensions"] == wanted, "it follows another queue"
        for messages, tasks in ((0, 0), (7, 0), (9, 3)):
            share = evaluated(metrics["backlog"]["expression"], messages, tasks)
            assert share == messages / max(tasks, 1), "it does not count messages for each task"
    for alarm in alarms:
        (waiting,) = [one for one in alarm.values["metric_query"] if one["return_data"]]
        assert evaluated(waiting["expression"], 5, 0) >= alarm.values["threshold"]
        assert evaluated(waiting["expression"], 5, 1) < alarm.values["threshold"], "it starts tasks while tasks run"


def evaluated(expression: str, messages: int, tasks: int) -> Any:
    """Evaluate a metric math expression of ours: its functions are those of CloudWatch's user guide."""
    functions = {"IF": lambda test, yes, no: yes if test else no, "FILL": lambda metric, _: metric}
    return eval(expression, {"__builtins__": {}}, functions | {"messages": messages, "tasks": tasks})  # noqa: S307


def other_bounds_hold_from_given_times_on(instance: Instance) -> None:
    scaling = instance.variables["scaling"]
    actions = instance.plan.of("aws_appautoscaling_scheduled_action")
    assert bool(actions) == is_scheduled(instance.variables), "a task is started before an image is there"
    for action in actions:
        given = scaling["schedules"][int(str(action.key))]
        assert action.values["name"] == f"{full_name(instance)}-{action.key}"
        when = f"cron({given['cron']})" if "cron" in given else f"at({given['at']})"
        assert action.values["schedule"] == when
        assert action.values["timezone"] == given.get("timezone", "UTC"), "it is another time"
        (target,) = action.values["scalable_target_action"]
        bounds = (int(target["min_capacity"]), int(target["max_capacity"]))
        assert bounds == (given["min"], given["max"]), "other bounds than given"
    if in_force(instance.variables):
        target = instance.plan.one("aws_appautoscaling_target").values
        now = (target["min_capacity"], target["max_capacity"])
        assert now == bounds_in_force(instance.variables), "a plan takes back the bounds that are in force"


def tasks_are_on_spot_by_the_share_that_was_asked_for(instance: Instance) -> None:
    strategy = instance.plan.one("aws_ecs_service").values["capacity_provider_strategy"]
    found = {entry["capacity_provider"]: (entry["base"] or 0, entry["weight"] or 0) for entry in strategy}
    spot, platform = instance.variables["spot"], instance.variables["platform"]
    if spot is None:
        on_spot = platform["cluster"]["spot"] and not in_production(instance.variables)
        assert ("FARGATE_SPOT" in found) == on_spot, "tasks are on Spot without being asked for it"
        assert found["FARGATE"] == (1, 1), "no task has regular capacity"
        return
    weights = {provider: weight for provider, (_, weight) in found.items()}
    assert weights.get("FARGATE_SPOT", 0) * 100 == spot["share"] * sum(weights.values()), "another share"
    assert found.get("FARGATE", (0, 0))[0] == spot.get("base", 1), "another base"
    assert any(weights.values()), "ECS needs a provider with a weight"


@pytest.mark.parametrize(
    ("law", "broken"),
    [
        (the_number_of_tasks_follows_requests_and_queue, FOLLOWING),
        (other_bounds_hold_from_given_times_on, TIMES),
        (tasks_are_on_spot_by_the_share_that_was_asked_for, CAPACITY_OF),
    ],
    ids=["what it follows", "at which time", "on which capacity"],
)
def test_the_number_of_tasks(laboratory: Laboratory, law: Any, broken: list[Edit]) -> None:
    batch = laboratory.batch(SERVICE)
    holds(law, batch, laboratory.seed)
    breaks(law, SERVICE, broken, batch, laboratory)


@pytest.mark.parametrize("refusal", WRONG, ids=str)
def test_wrong_input_is_refused_with_variable_and_value(laboratory: Laboratory, refusal: Refusal) -> None:
    refused(laboratory, SERVICE, refusal)
