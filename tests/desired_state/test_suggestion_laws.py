"""Laws of suggestions: whatever field is written wrongly, what its message suggests is valid there."""

import re
from collections.abc import Iterator
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from desired_state.kinds.manifest import read
from tests.desired_state.manifests import document, problems_of, service, to_yaml


def fields_of(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    steps = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in steps:
        yield from fields_of(value, (*path, step))


FULL = {
    **service(
        type="public",
        image={"tag": "v1"},
        routing={"paths": ["/"], "priority": 1, "deregistrationDelay": 10},
        healthCheck={"path": "/", "interval": 30, "timeout": 5, "matcher": "200"},
        env={"LEVEL": "info"},
        secrets={"DB": "shop/db"},
        runtimeSecrets=["shop/key"],
        kafka={"brokers": ["b-1.example:9096"]},
        sidecars=[{"name": "proxy", "image": "a.example/a:1", "essential": True, "memory": 64, "command": ["a"]}],
        preDeployment={"command": ["migrate"], "timeout": "10m"},
        alarms={"cpu": 80, "serverErrors": 5},
        dependsOn=["payments"],
        policy={"mode": "auto", "prune": True, "interval": "30m", "suspend": False},
    ),
    "overrides": {"develop": {"cpu": 512, "memory": 1024, "policy": {"suspend": True}}},
}
FIELDS = sorted((field for field in fields_of(FULL) if field[0] in {"spec", "overrides"}), key=str)
DOUBTFUL = [
    "on",
    "No",
    "yes",
    "010",
    "0512",
    "089",
    "0o14",
    "12e4",
    "7654e32",
    "1_0",
    "0b11",
    "12:30",
    ".inf",
    "9" * 20,
]


def with_text(data: Any, field: tuple[str | int, ...], text: str) -> str:
    """Write the manifest as JSON, with the value of one field as this text of YAML."""
    marker = "\u2603"
    holder = changed = to_data(data)
    for step in field[:-1]:
        holder = holder[step]
    holder[field[-1]] = marker
    return to_yaml(changed).decode().replace(f'"{marker}"', text)


def to_data(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: to_data(value) for name, value in data.items()}
    return [to_data(item) for item in data] if isinstance(data, list) else data


def place_of(text: str, field: tuple[str | int, ...]) -> tuple[int, int]:
    return document(text).at(field)


def problems_at(text: str, field: tuple[str | int, ...]) -> list[str]:
    found = read(document(text))
    here = place_of(text, field)
    return [each.message for each in found if (each.line, each.column) == here] if isinstance(found, tuple) else []


@given(st.sampled_from(FIELDS), st.sampled_from(DOUBTFUL))
@example(("spec", "env", "LEVEL"), "on")
@example(("spec", "policy", "suspend"), "on")
@example(("overrides", "develop", "policy", "suspend"), "on")
@example(("spec", "port"), "010")
def test_what_is_suggested_for_an_ambiguous_scalar_is_valid_there(field: tuple[str | int, ...], text: str) -> None:
    found = problems_at(with_text(FULL, field, text), field)
    assert found
    for message in found:
        suggested = [match[1] for match in [re.search(r": write ([^,]+)", message)] if match and "ambiguous" in message]
        suggested += [f'"{text}"'] if "quote it" in message else []
        for writing in suggested:
            assert problems_at(with_text(FULL, field, writing), field) == [], (field, message)


@given(st.sampled_from([field for field in FIELDS if isinstance(field[-1], str)]), st.data())
def test_a_field_that_is_suggested_takes_the_value_or_is_a_misspelling(
    field: tuple[str | int, ...], data: st.DataObject
) -> None:
    """Misspell a name. The suggestion, if any, is the name that it was, or one that is valid."""
    name = str(field[-1])
    at, letter = data.draw(st.integers(0, len(name) - 1)), data.draw(st.sampled_from("aexyz_"))
    wrong = data.draw(st.sampled_from([name[:at] + name[at + 1 :], name[:at] + letter + name[at:], f"x{name}s"]))
    changed = to_data(FULL)
    holder = changed
    for step in field[:-1]:
        holder = holder[step]
    value = holder.pop(name)
    holder[wrong] = value
    for message in problems_of(changed):
        suggested = re.search(rf'unknown field "{re.escape(wrong)}": did you mean "(\w+)"', message)
        if suggested and suggested[1] != name:
            followed = to_data(changed)
            inner = followed
            for step in field[:-1]:
                inner = inner[step]
            inner[suggested[1]] = inner.pop(wrong)
            assert problems_at(to_yaml(followed).decode(), (*field[:-1], suggested[1])) == []
