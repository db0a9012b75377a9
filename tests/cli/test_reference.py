"""The reference in `docs/manifests.md` lists every field of a manifest, and no other."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desired_state.checks.loosened import LOOSENINGS
from desired_state.kinds.schemas import generate

TEXT = (Path(__file__).parents[2] / "docs" / "manifests.md").read_text()
SHARED = ("Every manifest", "Policy")


def fields(kind: str) -> dict[str, str]:
    """Map every field of a kind to `required`, its default, or `optional`."""
    schema: Any = generate(kind)

    def walk(part: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
        part = resolve(part)
        if "items" in part:
            yield from walk(part["items"], f"{path}[]")
        for value in named(part):
            yield from walk(value, f"{path}.*")
        for name, value in part.get("properties", {}).items():
            step = f"{path}.{name}" if path else name
            yield step, "required" if name in part.get("required", []) else default(value)
            yield from walk(value, step)

    def named(part: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the schemas under names that the author chooses, without overrides, which repeat the spec."""
        found = [*part.get("patternProperties", {}).values(), part.get("additionalProperties")]
        return [value for value in found if isinstance(value, dict) and "Override" not in value.get("$ref", "")]

    def resolve(part: dict[str, Any]) -> dict[str, Any]:
        for choice in (part, *part.get("anyOf", [])):
            name = choice.get("$ref", "").rpartition("/")[2]
            if name and not name.endswith(("Override", "JsonValue")):
                definition: dict[str, Any] = schema["$defs"][name]
                return definition
        return part

    return dict(walk(schema, ""))


def default(value: dict[str, Any]) -> str:
    """Format a default as the table shows it."""
    known = value.get("default")
    if known is None or isinstance(known, dict):
        return "optional"
    text = known if isinstance(known, str) else json.dumps(known)
    duration = re.fullmatch(r"PT?(\d+)([MD])", text)
    return f"`{duration[1]}{duration[2].lower()}`" if duration else f"`{text}`"


def written(section: str) -> dict[str, str]:
    """Read the rows of a section's table: field and default."""
    (body,) = re.findall(rf"^## {section}$(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    return dict(re.findall(r"^\| `([^`]+)` \| (.*?) \|", body, re.MULTILINE))


@pytest.mark.parametrize("kind", ["Service", "Job", "Platform", "Module"])
def test_the_reference_has_every_field_with_its_default(kind: str) -> None:
    documented: dict[str, str] = {}
    for section in (*SHARED, kind):
        documented |= written(section)
    assert documented == fields(kind)


def test_the_table_of_what_loosens_a_default_is_that_of_the_check() -> None:
    (table,) = re.findall(r"^\| name \| field \| what it does \|\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| .* \| (.*) \|$", table, re.MULTILINE))
    assert rows == {each.name: each.does.rstrip(",") for each in LOOSENINGS}
