"""Manifests as YAML that the reader of manifests reads as the same values, with the notes as comments at the head."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import yaml
from pydantic import JsonValue

from desired_state.kinds.container.settings import ContainerSettings
from desired_state.kinds.service.spec import ServiceSpec
from desired_state.migration.draft import Note
from desired_state.migration.values import one_line
from desired_state.reading.scalar import resolve

# What every container has stands after what makes a service: a model's fields begin with those that it inherits.
_FIELDS: Final = tuple(
    info.alias or name
    for name, info in sorted(
        ServiceSpec.model_fields.items(), key=lambda field: field[0] in ContainerSettings.model_fields
    )
)


@dataclass(frozen=True, slots=True)
class Written:
    """A manifest before it is text."""

    kind: str
    name: str
    spec: Mapping[str, JsonValue]
    overrides: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    notes: Sequence[Note] = ()

    def data(self) -> dict[str, JsonValue]:
        """Return the manifest as data."""
        data: dict[str, JsonValue] = {
            "apiVersion": "reconciler/v1",
            "kind": self.kind,
            "metadata": {"name": self.name},
            "spec": {name: self.spec[name] for name in _ordered(self.spec)},
        }
        if self.overrides:
            data["overrides"] = {name: dict(patch) for name, patch in self.overrides.items()}
        return data


class _Dumper(yaml.SafeDumper):
    """Writes each text in a spelling that YAML 1.1 and 1.2 read as text, and no aliases."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.Node:
    meaning = resolve(value)
    # In quotes also what a runner of GitHub takes for a command, so that the text may pass through a job's output.
    is_command = value.startswith("::") or "##[" in value
    is_safe = not is_command and meaning.doubt is None and meaning.value == value and isinstance(meaning.value, str)
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if is_safe else '"')


_Dumper.add_representer(str, _text)


def write(path: str, manifests: Iterable[Written]) -> str:
    """Return the text of one file with manifests that were made from the file at `path`."""
    return "---\n".join(_head(path, one) + _body(one) for one in manifests)


def _head(path: str, manifest: Written) -> str:
    lines = [f"# Made from {path} by `reconciler import`."]
    for lost, title in ((False, "Look at:"), (True, "Not taken over:")):
        found = sorted(note for note in manifest.notes if note.lost is lost)
        lines += [f"# {title}"] * bool(found)
        lines += [f"#   {_placed(note)}" for note in found]
    return "".join(f"{one_line(line, 1000)}\n" for line in lines)


def _placed(note: Note) -> str:
    line, column = note.place
    name, text = one_line(note.name), one_line(note.text)
    return f"{line}:{column} {name}: {text}" if line else f"{name}: {text}"


def _body(manifest: Written) -> str:
    return yaml.dump(
        manifest.data(), Dumper=_Dumper, sort_keys=False, allow_unicode=False, width=1_000_000, default_flow_style=None
    )


def _ordered(spec: Mapping[str, JsonValue]) -> list[str]:
    """Return the fields of a spec in the order of the reference; fields that it lacks come last."""
    known = [name for name in _FIELDS if name in spec]
    return known + [name for name in spec if name not in known]
