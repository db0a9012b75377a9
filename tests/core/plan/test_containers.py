"""Container definitions are equal in their normal form exactly when they are equal to ECS."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.plan.containers import normal

NAMES = st.text("abcdefghij", min_size=1, max_size=4)
PORTS = st.integers(1, 65535)
DEFAULTS = {
    "cpu": 0,
    "essential": True,
    "privileged": False,
    "readonlyRootFilesystem": False,
    "interactive": False,
    "pseudoTerminal": False,
    "disableNetworking": False,
    "versionConsistency": "enabled",
}
EMPTY: list[Any] = [None, "", [], {}]


def named(field: str) -> st.SearchStrategy[list[dict[str, str]]]:
    """Return lists of `name` and one other field, with distinct names."""
    return st.dictionaries(NAMES, NAMES, max_size=4).map(
        lambda entries: [{"name": name, field: value} for name, value in entries.items()]
    )


CONTAINERS = st.fixed_dictionaries(
    {
        "image": NAMES,
        "command": st.lists(NAMES, min_size=1, max_size=3),
        "environment": named("value"),
        "secrets": named("valueFrom"),
        "portMappings": st.lists(PORTS, unique=True, max_size=3).map(
            lambda ports: [{"containerPort": port, "protocol": "tcp"} for port in ports]
        ),
        "mountPoints": st.lists(NAMES, unique=True, max_size=3).map(
            lambda names: [{"sourceVolume": name, "containerPath": f"/{name}", "readOnly": True} for name in names]
        ),
        "memory": st.integers(128, 4096),
    }
)
DEFINITIONS = st.dictionaries(NAMES, CONTAINERS, min_size=1, max_size=3).map(
    lambda containers: [{"name": name, **container} for name, container in containers.items()]
)


@st.composite
def rewritten(draw: st.DrawFn, definitions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Draw equal definitions: in other orders, with explicit defaults, host ports, empty fields and numbers as text."""
    result = draw(st.permutations(copy.deepcopy(definitions)))
    for container in result:
        for name in ("environment", "secrets", "portMappings", "mountPoints"):
            container[name] = draw(st.permutations(container[name]))
        for port in container["portMappings"]:
            host = draw(st.sampled_from([None, 0, port["containerPort"], str(port["containerPort"])]))
            port.update({} if host is None else {"hostPort": host})
            if draw(st.booleans()):
                del port["protocol"]
        for name in draw(st.sets(st.sampled_from(sorted(DEFAULTS)))):
            container[name] = DEFAULTS[name]
        for name in draw(st.sets(st.sampled_from(["links", "user", "dockerLabels", "healthCheck"]))):
            container[name] = draw(st.sampled_from(EMPTY))
        if draw(st.booleans()):
            container["memory"] = str(container["memory"])
    return result


@given(st.data(), DEFINITIONS)
def test_law_rewritten_definitions_are_equal(data: st.DataObject, definitions: list[dict[str, Any]]) -> None:
    assert normal(data.draw(rewritten(definitions))) == normal(definitions)


@given(st.data(), DEFINITIONS, st.sampled_from(["image", "command", "memory", "environment", "portMappings"]))
def test_law_definitions_with_another_meaning_are_not_equal(
    data: st.DataObject, definitions: list[dict[str, Any]], field: str
) -> None:
    changed = copy.deepcopy(definitions)
    changed[0][field] = data.draw(CONTAINERS)[field]
    key = {"environment": "name", "portMappings": "containerPort"}.get(field)

    def meaning(container: dict[str, Any]) -> Any:
        return sorted(container[field], key=lambda entry: entry[key]) if key else container[field]

    assert (normal(changed) == normal(definitions)) == (meaning(changed[0]) == meaning(definitions[0]))


@given(DEFINITIONS)
def test_law_the_given_definitions_are_not_changed(definitions: list[dict[str, Any]]) -> None:
    before = copy.deepcopy(definitions)
    normal(definitions)
    assert definitions == before


@pytest.mark.parametrize("value", [None, "(known after apply)", {}, 7, [1], [{"image": "a"}], [{"name": 1}], ["a"]])
def test_anything_but_named_containers_is_returned_unchanged(value: Any) -> None:
    assert normal(value) is value


SAME: dict[str, tuple[Any, Any]] = {
    "a health check with its defaults": (
        {"healthCheck": {"command": ["CMD", "a"]}},
        {"healthCheck": {"command": ["CMD", "a"], "interval": 30, "timeout": 5, "retries": 3, "startPeriod": 0}},
    ),
    "Linux parameters with their defaults": (
        {"linuxParameters": {"capabilities": {"drop": ["ALL"]}}},
        {"linuxParameters": {"capabilities": {"add": [], "drop": ["ALL"]}, "sharedMemorySize": 0}},
    ),
    "a dependency with its default": (
        {"dependsOn": [{"containerName": "a"}]},
        {"dependsOn": [{"containerName": "a", "condition": "START"}]},
    ),
    "a port with a number as text": (
        {"portMappings": [{"containerPort": "80"}]},
        {"portMappings": [{"containerPort": 80}]},
    ),
    "host entries in another order": (
        {"extraHosts": [{"hostname": "a", "ipAddress": "1.1.1.1"}, {"hostname": "b", "ipAddress": "1.1.1.1"}]},
        {"extraHosts": [{"hostname": "b", "ipAddress": "1.1.1.1"}, {"hostname": "a", "ipAddress": "1.1.1.1"}]},
    ),
}
OTHER: dict[str, tuple[Any, Any]] = {
    "a port that is there beside none": ({"portMappings": [{"containerPort": 80}]}, {"portMappings": []}),
    "a port over UDP": (
        {"portMappings": [{"containerPort": 80}]},
        {"portMappings": [{"containerPort": 80, "protocol": "udp"}]},
    ),
    "a host port of its own": (
        {"portMappings": [{"containerPort": 80}]},
        {"portMappings": [{"containerPort": 80, "hostPort": 8080}]},
    ),
    "a volume from another container": (
        {"volumesFrom": [{"sourceContainer": "a"}]},
        {"volumesFrom": [{"sourceContainer": "b"}]},
    ),
    "a health check of which one field is no default": (
        {"healthCheck": {"command": ["CMD", "a"]}},
        {"healthCheck": {"command": ["CMD", "a"], "retries": 4}},
    ),
    "a list of plain texts in another order": ({"dnsServers": ["a", "b"]}, {"dnsServers": ["b", "a"]}),
    "a host entry with another address": (
        {"extraHosts": [{"hostname": "a", "ipAddress": "1.1.1.1"}]},
        {"extraHosts": [{"hostname": "a", "ipAddress": "1.1.1.2"}]},
    ),
    "an environment that is no list of entries": ({"environment": ["a"]}, {"environment": ["b"]}),
}


@pytest.mark.parametrize("name", SAME)
def test_definitions_with_the_same_meaning_are_equal(name: str) -> None:
    one, other = SAME[name]
    assert normal([{"name": "orders", **one}]) == normal([{"name": "orders", **other}])


@pytest.mark.parametrize("name", OTHER)
def test_definitions_with_another_meaning_are_not_equal(name: str) -> None:
    one, other = OTHER[name]
    assert normal([{"name": "orders", **one}]) != normal([{"name": "orders", **other}])


@pytest.mark.parametrize(
    ("field", "key", "members"),
    [
        ("environment", "LEVEL", [{"name": "LEVEL", "value": "a"}, {"name": "LEVEL", "value": "b"}]),
        ("secrets", "KEY", [{"name": "KEY", "valueFrom": "a"}, {"name": "KEY", "valueFrom": "b"}]),
        ("portMappings", "80/tcp", [{"containerPort": 80}, {"containerPort": 80, "name": "web"}]),
        ("mountPoints", "/a", [{"containerPath": "/a", "sourceVolume": volume} for volume in "cab"]),
    ],
)
def test_members_with_one_key_are_all_read_in_their_order(field: str, key: str, members: list[dict[str, Any]]) -> None:
    """A root may write two variables of one name (https://github.com/hashicorp/terraform/issues/16769); which of them
    a container gets depends on their order."""

    def read(*found: dict[str, Any]) -> Any:
        return normal([{"name": "web", field: list(found)}])["web"][field]

    other = {"name": "A", "containerPort": 1, "containerPath": "/0"}
    assert len(read(*members)[key]) == len(members)
    assert read(*members, other) == read(other, *members)
    assert read(*members) != read(*members[::-1])
    assert read(*members) != read(*members[:-1])


def test_containers_with_one_name_are_all_read() -> None:
    assert normal([{"name": "web", "image": "b"}, {"name": "web", "image": "a"}]) == {
        "web": [{"image": "b"}, {"image": "a"}]
    }
