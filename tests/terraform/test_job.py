"""A job, from its manifest to the stand-in: applied, healed, and the law of its turns with its own state machine."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from deploy.local.standin import StandIn
from reconciler.core.environment import Environment
from reconciler.core.inputs.variables import variables
from tests.desired_state.manifests import build_from, job, platform
from tests.terraform.inputs import ACCOUNT, REGION, Variables
from tests.terraform.landscape import make_platform
from tests.terraform.plans import Plan
from tests.terraform.turns import Life, Stored
from tests.terraform.workbench import Workbench

pytestmark = pytest.mark.aws
LIVES, STEPS = 400, 120
TRACING = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
SETTINGS: dict[str, Any] = {
    "image": {"service": "orders", "tag": "1.2"},
    "command": ["node", "report.js"],
    "runtime": "nodejs",
    "env": {"REGION": "eu"},
    "secrets": {"DATABASE_URL": "report/database"},
    "runtimeSecrets": ["report/mail"],
    "schedule": {"cron": "0 3 * * ? *", "timezone": "Europe/Berlin"},
    "timeout": "30m",
    "retries": 2,
}


@pytest.fixture(scope="module")
def given(stand_in: StandIn) -> Variables:
    snapshot = build_from(job("report", **SETTINGS), platform())
    (instance,) = (one for one in snapshot.instances.values() if one.kind == "Job")
    offered = make_platform(stand_in, "develop")
    environment = Environment("develop", "develop", ACCOUNT, REGION, None)
    return {**variables(instance, environment, platform=offered, image=None)}


@pytest.fixture(scope="module")
def planned(workbench: Workbench, given: Variables) -> Plan:
    return workbench.plan("roots/job", given)


@pytest.fixture(scope="module")
def second_plan(planned: Plan, workbench: Workbench, given: Variables) -> Plan:
    assert planned.resources
    workbench.apply("roots/job")
    return workbench.plan("roots/job", given)


@pytest.fixture(scope="module")
def machine(second_plan: Plan, stand_in: StandIn) -> dict[str, Any]:
    arn = second_plan.one("aws_sfn_state_machine").values["arn"]
    definition: dict[str, Any] = json.loads(
        stand_in.client("stepfunctions").describe_state_machine(stateMachineArn=arn)["definition"]
    )
    return definition


def test_a_second_plan_finds_nothing_to_do(second_plan: Plan) -> None:
    assert second_plan.changed() == {}


def test_a_task_runs_what_the_manifest_says_and_no_more(second_plan: Plan) -> None:
    definition = second_plan.one("aws_ecs_task_definition")
    (container,) = definition.document("container_definitions")
    registry = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
    assert container["image"] == f"{registry}/develop/orders:1.2"
    assert container["command"] == ["node", "report.js"]
    assert {one["name"]: one["value"] for one in container["environment"]} == {"NODE_ENV": "production", "REGION": "eu"}
    assert [one["name"] for one in container["secrets"]] == ["DATABASE_URL"]
    assert container["readonlyRootFilesystem"] is True
    assert second_plan.one("aws_security_group").values["ingress"] == []
    roles = {policy.key: policy.document("policy") for policy in second_plan.of("aws_iam_role_policy")}
    assert roles.keys() == {"execution", "task", "runs", "schedule"}
    for role, policy in roles.items():
        open_to_all = {action for one in policy["Statement"] if one["Resource"] == ["*"] for action in one["Action"]}
        assert open_to_all <= {"ecr:GetAuthorizationToken", "ecs:ListTasks", *TRACING}, role


def test_the_schedule_starts_the_state_machine_and_keeps_what_it_could_not_start(
    second_plan: Plan, stand_in: StandIn
) -> None:
    found = stand_in.client("scheduler").get_schedule(Name="develop-report")
    assert (found["ScheduleExpression"], found["ScheduleExpressionTimezone"]) == ("cron(0 3 * * ? *)", "Europe/Berlin")
    assert found["Target"]["Arn"] == second_plan.one("aws_sfn_state_machine").values["arn"]
    assert found["Target"]["DeadLetterConfig"]["Arn"] == second_plan.one("aws_sqs_queue").values["arn"]
    alarms = {alarm.values["alarm_name"] for alarm in second_plan.of("aws_cloudwatch_metric_alarm")}
    assert alarms == {"develop-report-failed-runs", "develop-report-missed-runs"}


def test_a_schedule_that_was_changed_by_hand_is_put_back(
    second_plan: Plan, stand_in: StandIn, workbench: Workbench, given: Variables
) -> None:
    assert second_plan.resources
    scheduler = stand_in.client("scheduler")
    found = scheduler.get_schedule(Name="develop-report")
    kept = {name: found[name] for name in ("Name", "FlexibleTimeWindow", "Target", "ScheduleExpressionTimezone")}
    scheduler.update_schedule(**kept, ScheduleExpression="rate(1 minute)", State="ENABLED")
    assert workbench.plan("roots/job", given).changed() == {
        'module.job.aws_scheduler_schedule.this["this"]': ("update",)
    }
    workbench.apply("roots/job")
    assert scheduler.get_schedule(Name="develop-report")["ScheduleExpression"] == "cron(0 3 * * ? *)"


def test_two_runs_never_overlap_whatever_is_killed_and_the_next_one_runs(machine: dict[str, Any]) -> None:
    ends: Counter[str] = Counter()
    for seed in range(LIVES):
        life = Life(machine, seed)
        assert not life.lead(STEPS), life.trace
        while any(run.status == "RUNNING" for run in life.runs.values()) or any(t.alive(life.now) for t in life.tasks):
            for run in [one for one in life.runs.values() if one.status == "RUNNING"]:
                life.step(run)
            life.now += 10
            assert not life.overlaps(), life.trace
        ends[life.finish(life.start())] += 1
    assert ends.keys() <= {"Succeeded", "Failed"}, "a run is never skipped for one that has ended"
    assert ends["Succeeded"] > LIVES / 2


@pytest.mark.parametrize(
    ("state", "edit"),
    [
        (
            "TakeTurn",
            {"Next": "FindTasks", "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "FindTasks"}]},
        ),
        ("TakeOver", {"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "AwaitStop"}]}),
        ("HasHolderEnded", {"Default": "TakeOver"}),
        ("AwaitStop", {"Seconds": 0}),
        ("AwaitTimedOut", {"Seconds": 0}),
        ("MayRun", {"Default": "Run"}),
    ],
)
def test_without_a_part_of_the_state_machine_runs_overlap(
    machine: dict[str, Any], state: str, edit: dict[str, Any]
) -> None:
    edited = {**machine, "States": {**machine["States"], state: {**machine["States"][state], **edit}}}
    assert any(Life(edited, seed).lead(STEPS) for seed in range(4 * LIVES)), f"no life shows what {state} is for"


def test_the_table_of_the_stand_in_decides_as_the_one_in_memory(
    machine: dict[str, Any], second_plan: Plan, stand_in: StandIn
) -> None:
    request = {name: machine["States"]["ReadTurn"]["Parameters"][name] for name in ("TableName", "Key")}
    client = stand_in.client("dynamodb")
    for seed in range(6):
        client.delete_item(**request)
        real, imagined = Life(machine, seed, Stored(client, request)), Life(machine, seed)
        assert not real.lead(STEPS)
        assert not imagined.lead(STEPS)
        assert real.trace == imagined.trace


def test_a_job_that_may_overlap_takes_no_turns(workbench: Workbench, given: Variables) -> None:
    runs = {**given["runs"], "concurrency": "allow"}
    plan = workbench.plan("roots/job", {**given, "runs": runs, "schedule": None})
    assert plan.one("aws_dynamodb_table").address not in plan.changed(), "a change of mind deletes no table"
    gone = plan.of("aws_scheduler_schedule", "aws_sqs_queue")
    assert {one.address: plan.changed()[one.address] for one in gone} == {one.address: ("delete",) for one in gone}
    assert json.loads(plan.one("aws_sfn_state_machine").values["definition"])["States"].keys() == {"Run"}
