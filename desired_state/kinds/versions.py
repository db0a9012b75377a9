"""Versions of the language of manifests: a document of an earlier version is read as one of the current version.

The models are always those of the current version. A version that renames fields lists them in FORMER; a document of an
earlier version gets the new names, at the places of the old ones, before anything else looks at it. So its problems are
those of the current version, at its own lines, and its digest is the one that it has after `reconciler migrate`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pydantic import JsonValue

from desired_state.located import Location, Node, Problem
from desired_state.reading.document import Document

CURRENT: Final = "reconciler/v1"


@dataclass(frozen=True, slots=True)
class Renamed:
    """A field of a kind's spec that has another name since the next version; overrides have it too."""

    kind: str
    around: tuple[str, ...]
    old: str
    new: str


# Each version that is still read, the oldest first, with what the version after it renames.
FORMER: Final[Mapping[str, tuple[Renamed, ...]]] = {
    "reconciler/v1beta1": (Renamed("Service", (), "migration", "preDeployment"),),
}


@dataclass(frozen=True, slots=True)
class Rename:
    """A key of one document that gets another name."""

    location: tuple[str, ...]
    new: str


def is_former(document: Document) -> bool:
    """Return whether a document is written for an earlier version that is still read."""
    return document.data.get("apiVersion") in FORMER


def renames(document: Document) -> tuple[Rename, ...]:
    """Return the keys of a document that have other names in the current version."""
    version = document.data.get("apiVersion")
    if not isinstance(version, str) or version not in FORMER:
        return ()
    versions = tuple(FORMER)
    since = [row for one in versions[versions.index(version) :] for row in FORMER[one]]
    return tuple(found for row in since for found in _found(document, row))


def current(document: Document) -> tuple[Document, tuple[Problem, ...]]:
    """Return a document in the words of the current version, and a note for each thing that is out of date."""
    if not is_former(document):
        return document, ()
    found = renames(document)
    version = document.data["apiVersion"]
    remedy = f"{CURRENT} is current, and `reconciler migrate` writes it"
    notes = [Problem(document.path, *document.at(("apiVersion",)), f"{version} is deprecated: {remedy}")]
    for one in found:
        message = f"{one.location[-1]} is called {one.new} since {CURRENT}: `reconciler migrate` renames it"
        notes.append(Problem(document.path, *document.key_at(one.location), message))
    data: dict[str, JsonValue] = {**document.data, "apiVersion": CURRENT}
    root = document.root
    for one in found:
        data, root = _in_data(data, one.location, one.new), _in_places(root, one.location, one.new)
    return replace(document, data=data, root=root), tuple(notes)


def _found(document: Document, row: Renamed) -> Iterator[Rename]:
    if document.data.get("kind") != row.kind:
        return
    overrides = document.data.get("overrides")
    environments = tuple(overrides) if isinstance(overrides, dict) else ()
    for above in (("spec",), *(("overrides", name) for name in environments)):
        around = (*above, *row.around)
        if document.has((*around, row.old)) and not document.has((*around, row.new)):
            yield Rename((*around, row.old), row.new)


def _in_data(data: dict[str, JsonValue], location: Location, new: str) -> dict[str, JsonValue]:
    """Return the data with another name for the key that the location ends with, at its place among the keys."""
    step, *rest = location
    if not rest:
        return {new if name == step else name: value for name, value in data.items()}
    return {
        name: _in_data(value, rest, new) if name == step and isinstance(value, dict) else value
        for name, value in data.items()
    }


def _in_places(node: Node, location: Location, new: str) -> Node:
    step, *rest = location
    if rest:
        children = {name: _in_places(one, rest, new) if name == step else one for name, one in node.children.items()}
        return replace(node, children=children)
    return replace(
        node,
        keys={new if name == step else name: place for name, place in node.keys.items()},
        children={new if name == step else name: one for name, one in node.children.items()},
        repeated={new if name == step else name for name in node.repeated},
    )
