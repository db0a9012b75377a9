"""The settings of containers: what Fargate and ECS would refuse late, or never notice, is refused at once."""

from typing import Any

import pytest

from desired_state.checks.conflicts import EnvironmentFacts
from desired_state.instance import Key
from tests.desired_state.manifests import build_from, messages, platform, problems_of, service
from tests.desired_state.parts import settings

PROXY = {"name": "proxy", "image": "registry.example/proxy:1"}
CHECK = {"command": ["CMD", "check"]}


def sidecars(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"sidecars": [{**PROXY, "name": f"proxy{index}", **one} for index, one in enumerate(changes)]}


def test_everything_may_be_set_in_any_container() -> None:
    own = {**settings(), "command": ["serve"], "architecture": "arm64", "ephemeralStorage": 21, "exec": True}
    own |= {"container": {"cpu": 128, "memory": 256, "memoryReservation": 64}, "startsAfter": {"proxy0": "HEALTHY"}}
    second = {"essential": False, "dependsOn": {"proxy0": "START"}}
    manifest = service(**own, **sidecars({**settings(), "healthCheck": CHECK, "ports": [9000], "cpu": 64}, second))
    assert problems_of(manifest) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"user": "a b"}, '"a b" is not a user: write a name or a number, also with :group'),
        ({"user": 1000}, "spec.user must be text: put it in quotes"),
        ({"workingDirectory": "srv"}, '"srv" is not a path: it begins with / and has no slash at its end'),
        ({"writablePaths": ["/a/../b"]}, '"/a/../b" is not a path: it begins with / and has no slash at its end'),
        ({"writablePaths": ["/tmp"]}, "/tmp can be written to already: remove it"),
        ({"writablePaths": ["/proc/x"]}, '"/proc/x" belongs to the system: choose another path'),
        ({"ulimits": {"nofile": {"soft": 2, "hard": 1}}}, "hard 1 is less than soft 2"),
        (
            {"linux": {"capabilities": {"add": ["NET_ADMIN"]}}},
            '"NET_ADMIN" is not a choice for spec.linux.capabilities.add[0]: the choices are SYS_PTRACE',
        ),
        ({"ephemeralStorage": 20}, "spec.ephemeralStorage is 20, but must be at least 21"),
        ({"architecture": "arm"}, '"arm" is not a choice for spec.architecture: did you mean "arm64"?'),
        (
            {"exec": True},
            "exec needs writableRoot: true, because the agent of ECS Exec writes to the root file system",
        ),
        ({"container": {"memory": 513}}, "the containers take 513 MiB, but the task has memory 512"),
        ({"container": {"memory": 8, "memoryReservation": 9}}, "memoryReservation 9 is more than memory 8"),
        (
            {"container": {"cpu": 200}, **sidecars({"cpu": 57})},
            "the containers take 257 CPU units, but the task has cpu 256",
        ),
        (
            {"container": {"memory": 400}, **sidecars({"memory": 113})},
            "the containers take 513 MiB, but the task has memory 512",
        ),
        (sidecars({"ports": [8080]}), "port 8080 is taken by another container of the task"),
        (sidecars({"ports": [90]}, {"ports": [90]}), "port 90 is taken by another container of the task"),
        (sidecars({"dependsOn": {"proxy0": "START"}}), '"proxy0" cannot wait for itself'),
        (
            sidecars({"dependsOn": {"proxy1": "START"}}, {"dependsOn": {"proxy0": "START"}}),
            '"proxy0" waits for itself, by way of others',
        ),
        (
            {**sidecars({"dependsOn": {"orders": "START"}}), "startsAfter": {"proxy0": "START"}},
            '"proxy0" waits for itself, by way of others',
        ),
        (
            sidecars({"dependsOn": {"orders": "SUCCESS"}}),
            '"orders" is essential, so the task ends with it: wait for START or HEALTHY, or make it not essential',
        ),
        (
            {"startsAfter": {"proxy0": "HEALTHY"}, **sidecars({})},
            '"proxy0" has no health check, so it never becomes healthy: add one, or wait for START',
        ),
        (
            {"runtime": None, **sidecars({"dependsOn": {"orders": "HEALTHY"}})},
            '"orders" has no health check, so it never becomes healthy: add one, or wait for START',
        ),
        ({"startsAfter": {"migrate": "START"}}, '"migrate" is not a sidecar: name one of sidecars'),
    ],
)  # fmt: skip
def test_what_cannot_run_is_refused_with_the_way_out(changes: dict[str, Any], message: str) -> None:
    assert problems_of(service(**changes)) == [message]


def test_a_sidecar_waits_for_a_container_that_is_there() -> None:
    snapshot = build_from(platform(), service(**sidecars({"dependsOn": {"shop": "START", "orders": "START"}})))
    assert messages(snapshot.problems) == ['"shop" is no container of the service: name a sidecar, or "orders"']


@pytest.mark.parametrize(
    ("changes", "name", "does"),
    [
        ({"writableRoot": True}, "writable-root", "a root file system that the container can write to"),
        ({"user": "0:0"}, "root-user", "a container that runs as root"),
        ({"linux": {"capabilities": {"add": ["SYS_PTRACE"]}}}, "trace", "a container that can trace other processes"),
        (sidecars({"user": "root"}), "root-user", "a container that runs as root"),
    ],
)
def test_what_loosens_a_default_needs_the_configuration(changes: dict[str, Any], name: str, does: str) -> None:
    manifest = service(environments=["prod"], scaling={"min": 2}, **changes)
    for allowed in (frozenset[str](), frozenset({name})):
        prod = {"prod": EnvironmentFacts("prod", allowed)}
        snapshot = build_from(platform("prod", network={"nat": "one_per_az"}), manifest, environments=prod)
        assert (Key("prod", "orders") in snapshot.instances) == bool(allowed)
        assert [text.partition(" is not allowed")[0] for text in messages(snapshot.problems)] == [does] * (not allowed)
