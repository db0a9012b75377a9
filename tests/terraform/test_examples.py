"""The four example services, as manifests applied to the stand-in and as plain HCL planned."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.local.standin import StandIn
from desired_state.checks.conflicts import EnvironmentFacts, Tier
from desired_state.instance import Key
from desired_state.snapshot import build
from reconciler.core.environment import Environment
from reconciler.core.inputs.variables import variables
from tests.desired_state.manifests import ROOTS, example_files
from tests.terraform.inputs import ACCOUNT, REGION, Variables, environment, platform_output
from tests.terraform.landscape import make_platform
from tests.terraform.plans import Plan
from tests.terraform.workbench import SOURCE, Workbench

pytestmark = pytest.mark.aws
SERVICES = ("catalog", "ledger", "orders", "payments")
WHERE: tuple[Tier, ...] = ("develop", "prod")
ROOT = "roots/examples"
CONNECTION = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/00000000-0000-4000-8000-000000000000"
CALLERS = sorted(path.name for path in (SOURCE / "examples").iterdir() if path.is_dir())


def image(tier: str, name: str, tag: str) -> str:
    return f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{tier}/{name}:{tag}"


@pytest.fixture(scope="module")
def examples(stand_in: StandIn) -> dict[str, Variables]:
    """Return the inputs of each example service's root in develop and prod, by `<environment>-<name>`."""
    facts: dict[str, EnvironmentFacts] = {tier: EnvironmentFacts(tier) for tier in WHERE}
    instances = build(commit="c1", files=example_files(), roots=ROOTS, environments=facts).instances
    compiled: dict[str, Variables] = {}
    for tier in WHERE:
        where = Environment(tier, tier, ACCOUNT, REGION, endpoint=stand_in.endpoint)
        platform = {**make_platform(stand_in, f"examples-{tier}"), "connection_arn": CONNECTION}
        for name in SERVICES:
            instance = instances[Key(tier, name)]
            given = variables(instance, where, platform=platform, image=image(tier, name, "first"))
            compiled[f"{tier}-{name}"] = dict(given)
    return compiled


@pytest.fixture(scope="module")
def applied(workbench: Workbench, examples: dict[str, Variables]) -> dict[str, Variables]:
    folder = workbench.directory / ROOT
    folder.mkdir()
    (folder / "main.tf").write_text(
        f'provider "aws" {{\n  region = "{REGION}"\n}}\nvariable "given" {{\n  type = any\n}}\n'
    )
    names = sorted({name for given in examples.values() for name in given} - {"aws"})
    arguments = {name: f"${{try(each.value.{name}, null)}}" for name in names}
    call = {"source": "../../modules/service", "for_each": "${var.given}", **arguments}
    (folder / "calls.tf.json").write_text(json.dumps({"module": {"example": call}}))
    workbench.plan(ROOT, {"given": examples})
    workbench.apply(ROOT)
    return examples


def deploy(stand_in: StandIn, tier: str, name: str, new: str) -> None:
    """Do as CodePipeline's ECS action: register a revision like the running one with another image, and update."""
    ecs, cluster = stand_in.client("ecs"), f"examples-{tier}"
    current = ecs.describe_services(cluster=cluster, services=[name])["services"][0]["taskDefinition"]
    found = ecs.describe_task_definition(taskDefinition=current, include=["TAGS"])
    definition = found["taskDefinition"]
    for container in definition["containerDefinitions"]:
        if container["name"] == name:
            container["image"] = new
    kept = (
        "family", "networkMode", "cpu", "memory", "executionRoleArn", "taskRoleArn", "containerDefinitions", "volumes",
        "requiresCompatibilities", "runtimePlatform",
    )  # fmt: skip
    again = {field: definition[field] for field in kept}
    revision = ecs.register_task_definition(**again, tags=found["tags"])["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster=cluster, service=name, taskDefinition=revision)


def with_changes(given: dict[str, Variables], key: str, **changes: Any) -> dict[str, Variables]:
    return given | {key: given[key] | changes}


def test_the_examples_are_the_four_kinds_of_services(examples: dict[str, Variables]) -> None:
    kinds = {(given["service"]["runtime"], given["service"]["type"]) for given in examples.values()}
    assert kinds == {(runtime, kind) for runtime in ("nodejs", "python") for kind in ("public", "internal")}


def test_a_second_plan_is_empty_and_stays_so_when_a_pipeline_deploys(
    workbench: Workbench, applied: dict[str, Variables], stand_in: StandIn
) -> None:
    """Also: a change of CPU afterwards rolls the service out with the image that the pipeline chose."""
    assert workbench.plan(ROOT, {"given": applied}).changed() == {}
    second = image("prod", "catalog", "second")
    deploy(stand_in, "prod", "catalog", second)
    runs_second = {"owner": "pipeline", "uri": second}
    told = with_changes(applied, "prod-catalog", image=runs_second)
    assert workbench.plan(ROOT, {"given": told}).changed() == {}, "the daemon says what runs, and nothing is to do"

    bigger = with_changes(told, "prod-catalog", resources={"cpu": 1024, "memory": 2048})
    changed = workbench.plan(ROOT, {"given": bigger}).changed()
    assert set(changed) == {
        'module.example["prod-catalog"].aws_ecs_service.this',
        'module.example["prod-catalog"].aws_ecs_task_definition.this',
    }
    workbench.apply(ROOT)
    ecs = stand_in.client("ecs")
    runs = ecs.describe_services(cluster="examples-prod", services=["catalog"])["services"][0]
    definition = ecs.describe_task_definition(taskDefinition=runs["taskDefinition"])["taskDefinition"]
    assert (definition["cpu"], definition["memory"]) == ("1024", "2048")
    assert [container["image"] for container in definition["containerDefinitions"]] == [second]
    assert workbench.plan(ROOT, {"given": bigger}).changed() == {}


def test_each_has_its_build_and_its_pipeline(applied: dict[str, Variables], stand_in: StandIn) -> None:
    pipelines = {found["name"] for found in stand_in.client("codepipeline").list_pipelines()["pipelines"]}
    assert pipelines >= set(applied)
    assert set(stand_in.client("codebuild").list_projects()["projects"]) >= set(applied)


def test_in_production_alarms_watch_deployments(applied: dict[str, Variables], stand_in: StandIn) -> None:
    for tier, watched in (("prod", ["prod-orders-cpu", "prod-orders-server-errors"]), ("develop", [])):
        found = stand_in.client("ecs").describe_services(cluster=f"examples-{tier}", services=["orders"])["services"][0]
        alarms = found["deploymentConfiguration"].get("alarms", {})
        assert alarms.get("alarmNames", []) == watched
    rings = stand_in.client("cloudwatch").describe_alarms(AlarmNamePrefix="prod-orders-")["MetricAlarms"]
    assert {alarm["AlarmName"] for alarm in rings} == {
        f"prod-orders-{kind}" for kind in ("cpu", "memory", "running-tasks", "unhealthy-hosts", "server-errors")
    }


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("tier", WHERE)
def test_a_plain_caller_of_the_module_plans(workbench: Workbench, caller: str, tier: str) -> None:
    given = {"environment": environment(tier), "platform": platform_output(tier), "image_tag": "3f9c2d1"}
    plan = workbench.plan(f"examples/{caller}", given)
    runtime, kind = caller.split("-")
    service = plan.one("aws_ecs_service").values
    assert len(service["load_balancer"]) == (kind == "public")
    own = containers(plan)[service["name"]]
    assert own["image"] == image(tier, service["name"], "3f9c2d1")
    names = {entry["name"] for entry in own["environment"]}
    assert ("NODE_ENV" in names) == (runtime == "nodejs")
    assert ("KAFKA_BOOTSTRAP_SERVERS" in names) == (caller == "python-internal")


def containers(plan: Plan) -> dict[str, dict[str, Any]]:
    found = plan.one("aws_ecs_task_definition", "this").document("container_definitions")
    return {container["name"]: container for container in found}


def test_one_of_the_examples_talks_to_kafka_and_the_ports_are_documented() -> None:
    text = (SOURCE / "examples/README.md").read_text()
    assert all(f"| {port} |" in text for port in (9092, 9094, 9096, 9098))
    assert "kafka" in (SOURCE / "examples/python-internal/main.tf").read_text()
