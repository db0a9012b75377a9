"""The tasks of a service, proven: sizes that Fargate has, a network card each, logs, checks of their health."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import strategies as st

from desired_state.kinds.service.fargate import SIZES
from tests.terraform.inputs import Variables
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.services import MODULE, SERVICE, containers, definition
from tests.terraform.properties.subjects import draw
from tests.terraform.runs import Refused

TASK = f"{MODULE}task.tf"
CHANGES = "resource_changes"
EACH, OTHERS = 25, 100
CPUS = st.sampled_from([*SIZES, 0, 128, 300, 32768])
MEMORIES = st.sampled_from(sorted({m for sizes in SIZES.values() for m in sizes} | {0, 256, 700, 3000, 131072}))


def checked(variables: Variables) -> bool:
    return variables["health_check"] is not None


@proof(
    22,
    "Task resource limits",
    of=SERVICE,
    broken_by=[
        Edit(TASK, "memory                   = var.resources.memory", "memory = var.resources.cpu", says="MiB",
             where=lambda variables: variables["resources"]["cpu"] != variables["resources"]["memory"]),
        Edit(TASK, '["FARGATE"]', '["EC2"]', says="Fargate"),
        Edit(TASK, '"mode=1777"', '"mode=0755"', says="only root"),
        Edit(f"{MODULE}containers.tf", "var.resources.memory) / 2", "var.resources.memory) * 2", says="half"),
        Edit(f"{MODULE}containers.tf", "coalesce(local.limits[container], var.resources.memory)",
             "var.resources.memory", says="half",
             where=lambda variables: any(sidecar["memory"] for sidecar in variables["sidecars"])),
        Edit(TASK, "var.task.ephemeral_storage == null ? []", "true ? []", says="disk",
             where=lambda variables: variables["task"]["ephemeral_storage"]),
    ],
)  # fmt: skip
def test_property_22_task_resource_limits(instance: Instance) -> None:
    """A task has the size that was asked for, which is one that Fargate has; at most half of it is anybody's /tmp."""
    task, asked = definition(instance).values, instance.variables["resources"]
    assert (task["cpu"], task["memory"]) == (str(asked["cpu"]), str(asked["memory"])), "another CPU, or other MiB"
    assert int(task["memory"]) in SIZES[int(task["cpu"])], "not a size of Fargate"
    assert task["requires_compatibilities"] == ["FARGATE"], "not for Fargate alone"
    taken = sum(container.get("memory", 0) for container in containers(instance))
    assert taken < int(task["memory"]), "the sidecars leave no memory to the service"
    disk = [storage["size_in_gib"] for storage in task["ephemeral_storage"]]
    wanted = instance.variables["task"]["ephemeral_storage"]
    assert disk == ([wanted] if wanted else []), "another disk than was asked for"
    for each in instance.plan.of("aws_ecs_task_definition"):
        for container in each.document("container_definitions"):
            scratches = container["linuxParameters"]["tmpfs"]
            assert scratches[0]["containerPath"] == "/tmp"
            own = container["name"] == instance.variables["service"]["name"]
            given = instance.variables["container"]["memory"] if own else container.get("memory")
            for scratch in scratches:
                assert "mode=1777" in scratch["mountOptions"], "only root can write to it"
                assert scratch["size"] == (given or int(task["memory"])) // 2, "not half of the container's memory"


def sized(laboratory: Laboratory, pairs: Iterable[tuple[int, int]]) -> Iterator[list[Variables]]:
    """A service of each of these sizes, in plans of a few."""
    base = laboratory.generated(SERVICE)[0][0] | {"sidecars": []}
    services = [base | {"resources": {"cpu": cpu, "memory": memory}} for cpu, memory in pairs]
    return (services[start : start + EACH] for start in range(0, len(services), EACH))


def test_all_74_fargate_sizes_are_accepted(laboratory: Laboratory) -> None:
    pairs = {(cpu, memory) for cpu, sizes in SIZES.items() for memory in sizes}
    assert len(pairs) == 74
    changes = [change for some in sized(laboratory, pairs) for change in laboratory.plan(SERVICE, some)[CHANGES]]
    planned = {
        (int(change["change"]["after"]["cpu"]), int(change["change"]["after"]["memory"]))
        for change in changes
        if (change["type"], change["name"]) == ("aws_ecs_task_definition", "this")
    }
    assert planned == pairs


def test_any_other_size_is_refused_with_both_values(laboratory: Laboratory) -> None:
    """The neighbours of what Fargate has, and sizes of no kind. Manifests are held to every pair of all there are."""
    others = st.tuples(CPUS, MEMORIES).filter(lambda pair: pair[1] not in SIZES.get(pair[0], ()))
    pairs = set(draw(others, OTHERS, laboratory.seed))
    said: set[tuple[int, int]] = set()
    for some in sized(laboratory, pairs):
        with pytest.raises(Refused) as refusing:
            laboratory.plan(SERVICE, some)
        text = " ".join(text for _, text in refusing.value.messages)
        found = re.findall(r"resources\.memory (\d+) is not valid for resources\.cpu (\d+) on Fargate", text)
        said |= {(int(cpu), int(memory)) for memory, cpu in found}
    assert said == pairs


@proof(
    29,
    "Service-specific log groups",
    of=SERVICE,
    broken_by=[
        Edit(f"{MODULE}locals.tf", '"/ecs/${var.environment.name}/${local.name}"', '"/ecs/${var.environment.name}"',
             says="its own log group"),
        Edit(TASK, '"awslogs-group"         = local.log_group', '"awslogs-group" = "/ecs/all"', says="elsewhere"),
        Edit(TASK, "skip_destroy      = !local.disposable", "skip_destroy = false", says="outlive",
             where=lambda v: v["environment"]["tier"] in {"qa", "prod"}),
    ],
)  # fmt: skip
def test_property_29_service_specific_log_groups(instance: Instance) -> None:
    """All containers of a service log to one group that is the service's alone."""
    service = instance.variables["service"]["name"]
    group = instance.plan.one("aws_cloudwatch_log_group", "this").values
    assert group["name"] == f"/ecs/{instance.environment}/{service}", "the service has not its own log group"
    assert group["kms_key_id"] == instance.variables["platform"]["kms"]["logs"]
    assert group["retention_in_days"] == (90 if instance.tier == "prod" else 30)
    assert group["skip_destroy"] == (instance.tier in {"qa", "prod"}), "the logs do not outlive the service"
    for task in instance.plan.of("aws_ecs_task_definition"):
        for container in task.document("container_definitions"):
            logs = container["logConfiguration"]
            prefix = service if task.name == "this" else "pre-deployment"
            assert logs["logDriver"] == "awslogs"
            assert logs["options"]["awslogs-group"] == group["name"], "a container logs elsewhere"
            assert logs["options"]["awslogs-region"] == instance.variables["environment"]["region"]
            assert logs["options"]["awslogs-stream-prefix"] == prefix
