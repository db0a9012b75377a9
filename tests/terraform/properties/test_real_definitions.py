"""Definitions that teams run with other tools, and what `reconciler import` makes of its examples, planned."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from desired_state.kinds.job import JobSpec
from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.inputs.variables import variables
from tests.core.instances import DEVELOP
from tests.desired_state import definitions
from tests.migration import cases
from tests.terraform.inputs import Variables, platform_output
from tests.terraform.properties.laboratory import Laboratory, read
from tests.terraform.properties.services import SERVICE
from tests.terraform.properties.subjects import Subject

JOB = Subject("modules/job", lambda _: st.nothing())  # planned with what is given only


def texts() -> dict[str, str]:
    """Return the manifests that are planned, by where they come from."""
    found = {one.name: one.text for one in definitions.definitions() if one.result == "planned"}
    imported = {one.key: one.expected.read_text() for one in cases.examples()}
    waiting = definitions.WAITING.keys() | cases.WAITING
    return {name: text for name, text in (found | imported).items() if name not in waiting}


def test_each_is_planned_with_its_containers(laboratory: Laboratory) -> None:
    """One plan has all of them, as the daemon compiles them: what the manifest says is in the task definition."""
    given: list[Variables] = []
    specs: list[tuple[str, ServiceSpec]] = []
    for name, text in texts().items():
        for key, one in sorted(definitions.validated(text).instances.items()):
            if isinstance(one.spec, ServiceSpec):
                compiled = variables(one, DEVELOP, platform=platform_output("develop"), image=None)
                given.append({variable: value for variable, value in compiled.items() if variable != "aws"})
                specs.append((f"{name}: {key.name}", one.spec))
    assert len(given) >= 20
    planned = read(laboratory.plan(SERVICE, given), given)
    assert len(planned) == len(specs)
    for (name, spec), instance in zip(specs, planned, strict=True):
        containers: list[dict[str, Any]] = instance.plan.one("aws_ecs_task_definition").document(
            "container_definitions"
        )
        own = next(one for one in containers if one["name"] == instance.variables["service"]["name"])
        assert {one["name"] for one in own.get("environment", [])} >= set(spec.env), name
        assert {one["name"] for one in own.get("secrets", [])} >= set(spec.secrets), name
        assert {one["name"] for one in containers} >= {one.name for one in spec.sidecars}, name
        service = instance.plan.one("aws_ecs_service").values
        assert bool(service["load_balancer"]) is (spec.type == "public"), name


def test_each_job_is_planned_with_its_command(laboratory: Laboratory) -> None:
    given: list[Variables] = []
    specs: list[JobSpec] = []
    for text in texts().values():
        for one in definitions.validated(text).instances.values():
            if isinstance(one.spec, JobSpec):
                compiled = variables(one, DEVELOP, platform=platform_output("develop"), image=None)
                given.append({variable: value for variable, value in compiled.items() if variable != "aws"})
                specs.append(one.spec)
    assert len(specs) >= 2
    for spec, instance in zip(specs, read(laboratory.plan(JOB, given), given), strict=True):
        (container,) = instance.plan.one("aws_ecs_task_definition").document("container_definitions")
        assert container.get("command", []) == list(spec.command)
        assert len(instance.plan.of("aws_scheduler_schedule")) == (spec.schedule is not None)
