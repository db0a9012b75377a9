"""All manifests of one commit, valid and broken, before they are compared with each other.

A broken file does not affect others. Its readable parts (name, kind, environments) are kept as a claim, so that no
instance is removed, and no dependency reported as missing, only because a file is broken.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from desired_state.files.selection import is_manifest
from desired_state.files.tree import Unavailable
from desired_state.instance import Key
from desired_state.kinds.manifest import Manifest, Spec, read, spec_in
from desired_state.kinds.versions import current
from desired_state.limits import MOST_VALUES_OF_COMMIT, fair_order
from desired_state.located import Location, Problem
from desired_state.reading.document import Document, Parsed, parse, unread


@dataclass(frozen=True, slots=True)
class Claim:
    """The readable parts of a broken manifest. A part that cannot be read is None."""

    name: str
    kind: str | None
    environments: frozenset[str] | None
    former: str | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A valid manifest in one of its environments, not yet compared with others."""

    key: Key
    manifest: Manifest
    spec: Spec
    document: Document

    @property
    def former(self) -> str | None:
        """Return the manifest's former name, if it was renamed."""
        return self.manifest.metadata.former_name

    @property
    def place(self) -> str:
        """Return the place of the manifest's name as `path:line:column`, for messages."""
        line, column = self.document.at(("metadata", "name"))
        return f"{self.document.path}:{line}:{column}"

    def problem(self, location: Location, message: str) -> Problem:
        """Return a problem at a field of the spec: in the environment's override if that sets it, else in the spec."""
        return Problem(self.document.path, *self.document.at(self._written(location)), message)

    def problem_at_key(self, location: Location, message: str) -> Problem:
        """Return a problem at the key that the location of a field of the spec ends with."""
        return Problem(self.document.path, *self.document.key_at(self._written(location)), message)

    def problem_at_name(self, message: str) -> Problem:
        """Return a problem of the whole manifest, at its name."""
        return Problem(self.document.path, *self.document.at(("metadata", "name")), message)

    def problem_at_former_name(self, message: str) -> Problem:
        """Return a problem at the former name."""
        return Problem(self.document.path, *self.document.at(("metadata", "formerName")), message)

    def _written(self, location: Location) -> Location:
        override = ("overrides", self.key.environment, *location)
        return override if self.document.has(override) else ("spec", *location)


@dataclass(frozen=True, slots=True)
class Survey:
    """The manifests of a commit. `unreadable` are the files that may hold manifests whose names are not known, `hidden`
    the links and submodules that may stand for a folder with manifests, with what they are, `deprecated` the notes on
    what is out of date in manifests of an earlier version."""

    candidates: tuple[Candidate, ...]
    claims: tuple[Claim, ...]
    problems: frozenset[Problem]
    unreadable: tuple[str, ...]
    hidden: Mapping[str, str] = field(default_factory=dict)
    deprecated: frozenset[Problem] = frozenset()


@dataclass(slots=True)
class _Collector:
    candidates: list[Candidate] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    problems: set[Problem] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    deprecated: set[Problem] = field(default_factory=set)

    def add_file(self, path: str, parsed: Parsed) -> None:
        of_documents = {problem for document in parsed.documents for problem in document.problems}
        self.problems.update(set(parsed.problems) - of_documents)
        if not parsed.readable:
            self.unreadable.add(path)
        if parsed.remnant is not None:
            self._add_broken(parsed.remnant)
        for written in parsed.documents:
            document, notes = current(written)
            self.deprecated.update(notes)
            result = read(document)
            if isinstance(result, tuple):
                self.problems.update(result)
                self._add_broken(document)
            else:
                self.candidates.extend(_candidates(result, document))

    def _add_broken(self, document: Document) -> None:
        claim = _claim(document)
        ambiguous = document.repeats(("metadata",)) or document.repeats(("metadata", "name"))
        if claim is not None:
            self.claims.append(claim)
        if claim is None or ambiguous:
            self.unreadable.add(document.path)


def survey(files: Mapping[str, bytes]) -> Survey:
    """Read all YAML files, given by path, except files in folders whose name begins with a dot."""
    collector = _Collector()
    for path, parsed in sorted(_parsed(files).items()):
        collector.add_file(path, parsed)
    return Survey(
        candidates=tuple(collector.candidates),
        claims=tuple(collector.claims),
        problems=frozenset(collector.problems),
        unreadable=tuple(sorted(collector.unreadable)),
        hidden={
            path: content.decode()
            for path, content in sorted(files.items())
            if isinstance(content, Unavailable) and not is_manifest(path)
        },
        deprecated=frozenset(collector.deprecated),
    )


def _parsed(files: Mapping[str, bytes]) -> dict[str, Parsed]:
    """Parse the files until a commit has as many values as it may; what is left then is unread."""
    chosen = {path: content for path, content in files.items() if is_manifest(path)}
    parsed: dict[str, Parsed] = {}
    left = MOST_VALUES_OF_COMMIT
    too_much = f"is not read: the commit has more than {left} values"
    for path in fair_order({path: len(content) for path, content in chosen.items()}):
        parsed[path] = parse(path, chosen[path]) if left > 0 else unread(path, too_much)
        left -= parsed[path].values
    return parsed


def _candidates(manifest: Manifest, document: Document) -> Iterator[Candidate]:
    for environment in manifest.spec.environments:
        yield Candidate(Key(environment, manifest.metadata.name), manifest, spec_in(manifest, environment), document)


def _claim(document: Document) -> Claim | None:
    name = _field(document.data.get("metadata"), "name")
    if not isinstance(name, str):
        return None
    kind = document.data.get("kind")
    environments = _field(document.data.get("spec"), "environments")
    known = isinstance(environments, list) and all(isinstance(item, str) for item in environments)
    return Claim(
        name=name,
        kind=kind if isinstance(kind, str) else None,
        environments=frozenset(map(str, environments)) if known and isinstance(environments, list) else None,
        former=former if isinstance(former := _field(document.data.get("metadata"), "formerName"), str) else None,
        path=document.path,
    )


def _field(data: JsonValue, name: str) -> JsonValue:
    return data.get(name) if isinstance(data, dict) else None
