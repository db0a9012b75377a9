"""The page `docs/fields.md`: every field of a manifest with its type and an example, made from the models.

`python -m tests.desired_state.fields` writes it (and so does `make format`). An example is the shortest value that a
valid manifest of this repository has at the field: `desired_state/examples`, the real definitions, what `reconciler
import` makes of its examples, and `fields.yaml` for what none of these has.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from desired_state.kinds.manifest import KINDS, read
from desired_state.kinds.schemas import generate
from desired_state.reading.document import parse
from tests.desired_state import definitions
from tests.desired_state.manifests import example_files
from tests.migration import cases

PAGE: Final = Path(__file__).parents[2] / "docs" / "fields.md"
EXTRA: Final = Path(__file__).parent / "fields.yaml"
# Manifests of `fields.yaml` with fields that this version does not have yet; the list only ever gets shorter.
WAITING: Final[frozenset[str]] = frozenset()
# Fields that refuse every value, with the reason.
REFUSED: Final = {"spec.deployment.bakeTime": "it needs a later version of the AWS provider"}
_LONGEST: Final = 120
_HEAD: Final = """\
# Fields and examples

**Question: what may a field hold, and how is it written?**

Each field of the current version, generated from the models; [manifests](manifests.md) says what the fields mean. A
step `[]` is any item of a list, and `*` any name of your choice. `required` and defaults count within the mapping
around a field. Each example is the value of that field in a manifest that the tests validate, in one line.
"""


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its path, such as `spec.sidecars[].name`, with its schema."""

    path: str
    needed: str
    form: str
    example: str | None

    @property
    def row(self) -> str:
        """Return the row of the table."""
        shown = f"`{self.example}`" if self.example is not None else ""
        cells = (f"`{self.path}`", self.needed, self.form, shown)
        escaped = (cell.replace("|", "\\|") for cell in cells)
        return f"| {' | '.join(escaped)} |"


def fields(kind: str) -> list[Field]:
    """Return every field of a kind, in the order of the models."""
    schema: Any = generate(kind)
    found: dict[str, Field] = {}
    for path, part, is_required in _walk(schema, schema["$defs"], "", ()):
        default = part.get("default")
        simple = isinstance(default, str | int | list) and default not in ([], "")
        needed = "required" if is_required else f"`{json.dumps(default)}`" if simple else "optional"
        found.setdefault(path, Field(path, needed, form(part, schema["$defs"]), example(kind, path)))
    return list(found.values())


def _walk(part: Any, known: Any, path: str, above: tuple[str, ...]) -> Iterator[tuple[str, Any, bool]]:
    for choice in (part, *part.get("anyOf", ())):
        name = choice.get("$ref", "").rpartition("/")[2]
        if name and name not in above and not name.endswith(("Override", "JsonValue")):
            yield from _walk(known[name], known, path, (*above, name))
        if "items" in choice:
            yield from _walk(choice["items"], known, f"{path}[]", above)
        for value in (*choice.get("patternProperties", {}).values(), choice.get("additionalProperties")):
            if isinstance(value, dict):
                yield from _walk(value, known, f"{path}.*", above)
        for key, value in choice.get("properties", {}).items():
            step = f"{path}.{key}" if path else key
            yield step, value, key in choice.get("required", ())
            yield from _walk(value, known, step, above)


def form(part: Any, known: Any) -> str:
    """Say in words what a schema accepts."""
    if "anyOf" in part:
        return " or ".join(dict.fromkeys(form(one, known) for one in part["anyOf"] if one != {"type": "null"}))
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        return "any value" if name == "JsonValue" else form(known[name], known)
    if "const" in part or "enum" in part:
        return ", ".join(f"`{one}`" for one in part.get("enum", [part.get("const")]))
    match part.get("type"):
        case "integer" | "number":
            return "a whole number" + _bounds(part)
        case "boolean":
            return "`true` or `false`"
        case "array":
            least, most = part.get("minItems"), part.get("maxItems")
            count = f" ({least or 0} to {most})" if most else f" (at least {least})" if least else ""
            return f"a list{count}: {form(part['items'], known)}"
        case "object":
            values = [*part.get("patternProperties", {}).values(), part.get("additionalProperties")]
            inner = [form(one, known) for one in values if isinstance(one, dict)]
            return f"names, each with {inner[0]}" if inner else "a mapping"
        case "string":
            return _text(part)
    return "any value"


def _bounds(part: Any) -> str:
    least, most = part.get("minimum"), part.get("maximum")
    if least is not None and most is not None:
        return f", {least} to {most}"
    return f", at least {least}" if least is not None else ""


def _text(part: Any) -> str:
    if "examples" in part:
        return f"text such as `{part['examples'][0]}`"
    if part.get("format") == "date":
        return "a date"
    return f"text, at most {part['maxLength']} characters" if "maxLength" in part else "text"


def example(kind: str, path: str) -> str | None:
    """Return the field as it is written in the valid manifest that says it shortest, or None if none has it."""
    name = path.rpartition(".")[2].removesuffix("[]")
    texts = {
        yaml.safe_dump({name: value}, default_flow_style=True, width=10**6, allow_unicode=True).strip()[1:-1]
        for manifest in manifests()
        if manifest["kind"] == kind
        for value in _values(manifest, path.replace("[]", ".[]").split("."))
    }
    short = [text for text in texts if "\n" not in text and "`" not in text and len(text) <= _LONGEST]
    return min(short, key=lambda text: (len(text), text), default=None)


def _values(value: Any, steps: list[str]) -> Iterator[Any]:
    if not steps:
        yield value
        return
    step, *rest = steps
    if step == "[]" and isinstance(value, list):
        for item in value:
            yield from _values(item, rest)
    elif step == "*" and isinstance(value, dict):
        for item in value.values():
            yield from _values(item, rest)
    elif isinstance(value, dict) and step in value:
        yield from _values(value[step], rest)


@cache
def manifests() -> tuple[dict[str, Any], ...]:
    """Return the valid manifests of the repository, each as data."""
    texts = [content.decode() for content in example_files().values()]
    texts += [one.text for one in definitions.definitions() if one.name not in definitions.WAITING]
    texts += [one.expected.read_text() for one in cases.examples() if one.key not in cases.WAITING]
    texts.append(EXTRA.read_text())
    documents = [document for text in texts for document in parse("a.yaml", text.encode()).documents]
    return tuple(dict(one.data) for one in documents if not isinstance(read(one), tuple))


def page() -> str:
    """Return the text of the page."""
    parts = [_HEAD]
    for kind in KINDS:
        rows = "\n".join(field.row for field in fields(kind))
        parts.append(f"## {kind}\n\n| field | needed | holds | example |\n|---|---|---|---|\n{rows}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
