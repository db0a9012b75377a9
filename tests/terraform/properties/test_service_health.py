"""The container's own check, proven: it runs what was asked for, and nothing that the image may not have."""

from __future__ import annotations

from tests.terraform.inputs import Variables
from tests.terraform.properties.laboratory import Instance
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.services import MODULE, PORTS, SERVICE, containers, is_called, is_public

TASK = f"{MODULE}task.tf"


def checked(variables: Variables) -> bool:
    return variables["health_check"] is not None


def asks_itself(variables: Variables) -> bool:
    """Return whether the image has a program with which the container can ask itself."""
    return variables["service"]["runtime"] in PORTS


@proof(
    33,
    "Health check configuration",
    of=SERVICE,
    broken_by=[
        Edit(TASK, 'concat(["CMD"], local.runtime.check', 'concat(["RUN"], local.runtime.check', says="command",
             where=lambda v: checked(v) and asks_itself(v) and not v["health_check"]["command"]),
        Edit(TASK, "var.health_check != null || local.called", "var.health_check != null",
             says="checked", where=lambda v: is_called(v) and not checked(v) and asks_itself(v)),
        Edit(TASK, 'null) == null || local.speaks != "HTTP1" ? local.asks_for_port : local.asks_for_path',
             "null) == null ? local.asks_for_path : local.asks_for_path",
             says="a path that nobody named", where=lambda v: is_called(v) and not checked(v) and asks_itself(v)),
        Edit(TASK, "coalescelist(var.health_check.command)", "coalescelist([])", says="another command",
             where=lambda v: checked(v) and v["health_check"]["command"]),
        Edit(TASK, "length(local.runtime.check) > 0 && (", "(", says="not checked exactly",
             where=lambda v: not asks_itself(v)
             and (not v["health_check"]["command"] if checked(v) else is_called(v))),
        Edit(TASK, "min(local.health.timeout, 60)", "local.health.timeout", says="timeout",
             where=lambda v: checked(v) and v["health_check"]["timeout"] > 60
             and (asks_itself(v) or v["health_check"]["command"])),
        Edit(f"{MODULE}service.tf", "local.public ? local.health.start_period : null", "null", says="grace",
             where=is_public),
    ],
)  # fmt: skip
def test_property_33_health_check_configuration(instance: Instance) -> None:
    """A container is asked for its path, or whether it listens, as often as ECS allows; load balancers wait for it."""
    own, *sidecars = containers(instance)
    given = {one["name"]: one["settings"]["health_check"] for one in instance.variables["sidecars"]}
    for sidecar in sidecars:
        asked = sidecar.get("healthCheck")
        assert bool(asked) == bool(given[sidecar["name"]]), "a sidecar is asked for the service's path"
    wanted, check = instance.variables["health_check"], own.get("healthCheck")
    named = wanted and wanted["command"]
    asks = asks_itself(instance.variables) and (bool(wanted) or is_called(instance.variables))
    assert bool(check) == bool(named or asks), "not checked exactly where it has to be"
    if check:
        assert check["command"][0] in {"CMD", "CMD-SHELL"}, "not a command"
        assert check["command"] == named or not named, "another command than the one that was asked for"
        asked = check["command"][-1]
        by_path = wanted and (instance.variables["routing"] or {}).get("protocol_version", "HTTP1") == "HTTP1"
        assert named or (asked.endswith(wanted["path"]) if by_path else asked.isdecimal()), "a path that nobody named"
        # Amazon ECS API reference, HealthCheck
        assert 5 <= check["interval"] <= 300, "interval"
        assert 2 <= check["timeout"] <= 60, "timeout"
        assert 1 <= check["retries"] <= 10, "retries"
        assert 0 <= check["startPeriod"] <= 300, "start period"
    grace = instance.plan.one("aws_ecs_service").values.get("health_check_grace_period_seconds")
    assert (grace is not None) == is_public(instance.variables), "grace is for tasks behind the load balancer"
