"""The service module as a whole: what it consists of, what differs by type and runtime, what it puts out."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import strategies as st

from tests.terraform.configuration import blocks
from tests.terraform.inputs import TIERS
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.refusal import Refusal, refused
from tests.terraform.properties.services import (
    MODULE,
    PORTS,
    SERVICE,
    containers,
    expected,
    is_called,
    is_internal,
    is_public,
    port,
)
from tests.terraform.workbench import SOURCE

OUTPUTS = {
    "service_name", "service_arn", "task_definition_arn", "ecr_repository_url", "ecr_repository_arn", "log_group_name",
    "security_group_id", "execution_role_arn", "task_role_arn", "target_group_arn", "service_discovery_arn",
}  # fmt: skip
VARIABLES = {"nodejs": ("NODE_ENV", "production"), "python": ("PYTHONUNBUFFERED", "1")}
PROGRAMS = {"nodejs": ["CMD", "node"], "python": ["CMD", "python3"]}
WRONG = [
    Refusal("service.type", st.sampled_from(["Public", "hidden", "worker", ""]), says=("public or internal",)),
    Refusal("service.runtime", st.sampled_from(["node", "cobol", "python3", ""]), says=("nodejs, python",)),
    Refusal("service.name", st.sampled_from(["Orders", "a_b", "-a", "a--b", "a" * 25, ""])),
    Refusal("image.uri", st.sampled_from(["orders", "acme/orders", "Acme/orders:1", "a/b:"])),
    Refusal("image.owner", st.sampled_from(["Git", "nobody", ""])),
    Refusal("port", st.sampled_from([0, -1, 65536, 80.5])),
]


def without(kind: str, name: str = "this") -> tuple[str, str]:
    """An edit's texts that take a resource out of a file."""
    head = f'resource "{kind}" "{name}" {{\n'
    return head, f"{head}  count = 0\n"


@proof(
    1,
    "Module resource creation completeness",
    of=SERVICE,
    broken_by=[
        Edit(f"{MODULE}ecr.tf", *without("aws_ecr_lifecycle_policy"), says="aws_ecr_lifecycle_policy"),
        Edit(f"{MODULE}alarms.tf", "for_each = local.resource_alarms", "for_each = {}", says="metric_alarm"),
        Edit(f"{MODULE}autoscaling.tf", "for_each = local.scaling_targets",
             "for_each = { cpu = local.scaling_targets.cpu }", says="aws_appautoscaling_policy"),
    ],
)  # fmt: skip
def test_property_01_module_resource_creation_completeness(instance: Instance) -> None:
    """A service consists of exactly the resources that its type and options ask for."""
    found = Counter(resource.type for resource in instance.plan.resources)
    wanted = expected(instance.variables)
    assert found == wanted, f"missing {dict(wanted - found)}, too many {dict(found - wanted)}"
    assert {resource.actions for resource in instance.plan.resources} == {("create",)}


@proof(
    2,
    "Runtime configuration support",
    of=SERVICE,
    broken_by=[
        Edit(f"{MODULE}task.tf", '{ NODE_ENV = "production" }', "{}", says="NODE_ENV",
             where=lambda variables: variables["service"]["runtime"] == "nodejs"),
        Edit(f"{MODULE}task.tf", "port      = 8000", "port      = 80", says="port",
             where=lambda v: v["service"]["runtime"] == "python" and is_public(v) and v["port"] is None),
        Edit(f"{MODULE}task.tf", '["python3", "-c"', '["curl", "-c"', says="checks itself with",
             where=lambda v: v["service"]["runtime"] == "python" and v["health_check"] is not None
             and not v["health_check"]["command"]),
        Edit(f"{MODULE}task.tf", "try(local.runtimes[var.service.runtime], local.no_runtime)",
             "try(local.runtimes[var.service.runtime], local.runtimes.nodejs)", says="assumed",
             where=lambda v: v["service"]["runtime"] not in PORTS),
    ],
)  # fmt: skip
def test_property_02_runtime_configuration_support(instance: Instance) -> None:
    """Each runtime has its variables, its port and its way to check itself."""
    runtime, (own, *_) = instance.variables["service"]["runtime"], containers(instance)
    environment = {entry["name"]: entry["value"] for entry in own["environment"]}
    if runtime in PORTS:
        name, value = VARIABLES[runtime]
        assert environment.get(name) == value, f"{runtime} needs {name}"
    else:
        assert not environment.keys() & {"NODE_ENV", "PYTHONUNBUFFERED"}, f"something is assumed about {runtime}"
    listens = [mapping["containerPort"] for mapping in own["portMappings"]]
    assert listens == [found for found in [port(instance)] if found], f"the port of {runtime} is {PORTS.get(runtime)}"
    assert environment.get("PORT") == (str(port(instance)) if port(instance) else None), "the code is told its port"
    check = instance.variables["health_check"]
    if check and not check["command"] and runtime in PORTS:
        assert own["healthCheck"]["command"][:2] == PROGRAMS[runtime], f"{runtime} checks itself with its own program"


@proof(
    3,
    "Conditional ALB resource creation",
    of=SERVICE,
    broken_by=[
        Edit(f"{MODULE}ingress.tf", "local.called ?", "local.called || local.public ?", says="Cloud Map",
             where=is_public),
        Edit(f"{MODULE}service.tf", "for_each = aws_lb_target_group.this", "for_each = {}", says="attached",
             where=is_public),
        Edit(f"{MODULE}service.tf", "for_each = aws_service_discovery_service.this", "for_each = {}",
             says="registered", where=is_called),
    ],
)  # fmt: skip
def test_property_03_conditional_alb_resource_creation(instance: Instance) -> None:
    """Public services stand behind the load balancer, internal ones in Cloud Map, workers nowhere."""
    public, called = is_public(instance.variables), is_called(instance.variables)
    assert len(instance.plan.of("aws_lb_target_group")) == public, "a target group for public services"
    assert bool(instance.plan.of("aws_lb_listener_rule")) == public, "a rule for public services"
    assert len(instance.plan.of("aws_service_discovery_service")) == called, "Cloud Map is for internal services"
    service = instance.plan.one("aws_ecs_service").values
    assert len(service["load_balancer"]) == public, "attached to the load balancer if public"
    assert len(service["service_registries"]) == called, "registered in Cloud Map if called by name"


@proof(
    4,
    "Module outputs presence",
    of=SERVICE,
    broken_by=[
        Edit(f"{MODULE}outputs.tf", f'output "{name}"', f'output "the_{name}"', says=name) for name in
        ("ecr_repository_arn", "target_group_arn", "task_role_arn")
    ],
)  # fmt: skip
def test_property_04_module_outputs_presence(instance: Instance) -> None:
    """Everything that callers build on is put out, whatever the type."""
    assert instance.plan.outputs >= OUTPUTS, f"not put out: {sorted(OUTPUTS - instance.plan.outputs)}"


@proof(
    28,
    "awsvpc network mode",
    of=SERVICE,
    broken_by=[
        Edit(f"{MODULE}task.tf", '"awsvpc"', '"bridge"', says="network card"),
        Edit(f"{MODULE}ingress.tf", '"ip"', '"instance"', says="addresses", where=is_public),
    ],
)  # fmt: skip
def test_property_28_awsvpc_network_mode(instance: Instance) -> None:
    """Every task has a network card of its own, which is what the load balancer talks to."""
    modes = {task.values["network_mode"] for task in instance.plan.of("aws_ecs_task_definition")}
    assert modes == {"awsvpc"}, "a task has no network card of its own"
    for group in instance.plan.of("aws_lb_target_group"):
        assert group.values["target_type"] == "ip", "targets are not addresses of tasks"


def test_the_services_are_of_every_kind(laboratory: Laboratory) -> None:
    batch = [instance.variables for instance in laboratory.batch(SERVICE)]
    declared = set(blocks(SOURCE / "modules/service", "variable"))
    assert {*batch[0]} == declared - {"delivery"}, "builds and pipelines have instances of their own"
    assert {variables["environment"]["tier"] for variables in batch} == set(TIERS)
    assert {(v["service"]["type"], v["service"]["runtime"]) for v in batch} == {
        (kind, runtime) for kind in ("public", "internal") for runtime in (*PORTS, "java", None)
    }
    for seen in (is_internal, is_called):
        assert {bool(seen(variables)) for variables in batch} == {True, False}
    options = (
        "port",
        "health_check",
        "stop_timeout",
        "deployment",
        "spot",
        "kafka",
        "sidecars",
        "pre_deployment",
        "secrets",
    )
    for part in ("volumes", "mounts", "env_files"):
        assert {bool(variables["storage"][part]) for variables in batch} == {True, False}, part
    for option in (*options, "runtime_secrets", "admitted_secrets"):
        assert {bool(variables[option]) for variables in batch} == {True, False}, option


@pytest.mark.parametrize("refusal", WRONG, ids=str)
def test_wrong_input_is_refused_with_variable_and_value(laboratory: Laboratory, refusal: Refusal) -> None:
    refused(laboratory, SERVICE, refusal)
