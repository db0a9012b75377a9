"""Manifests: the three kinds of document that a repository holds, and how they are read.

The rule: a manifest is valid only if it is valid in every environment that it names, overrides merged.
Every problem is reported at once, at the line that has to change: in the override if that is what
spoils it, in the spec otherwise.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, Field, JsonValue, ValidationError, ValidationInfo, field_validator

from desired_state.adoption import Imports
from desired_state.document import Document
from desired_state.explain import Mistake, explain, suggest
from desired_state.fields import (
    DependsOn,
    EnvironmentName,
    Environments,
    LabelName,
    Name,
    RootName,
    Strict,
    TagValue,
    refuse,
)
from desired_state.located import Location, Problem, quote
from desired_state.merge import merge_patch
from desired_state.platform import PlatformSpec
from desired_state.policy import Policy
from desired_state.service import ServiceSpec

Overrides = dict[EnvironmentName, dict[str, JsonValue]]
Spec: TypeAlias = "PlatformSpec | ServiceSpec | ModuleSpec"


class Metadata(Strict):
    """What a manifest is called. A name is used once per environment, whatever the kind.

    Under its former name it keeps its state, and a service the name of what it has in AWS."""

    name: Name
    former_name: Name | None = None
    labels: dict[LabelName, TagValue] = Field(default_factory=dict, max_length=30)

    @field_validator("former_name")
    @classmethod
    def _was_another(cls, former: str | None, info: ValidationInfo) -> str | None:
        if former is not None and former == info.data.get("name"):
            raise refuse(f"formerName {quote(former)} is the name itself: remove it", beside=("name",))
        return former


class ModuleSpec(Strict):
    """Any root of the module source, with its inputs."""

    environments: Environments
    root: RootName
    inputs: dict[str, JsonValue] = Field(default_factory=dict)
    depends_on: DependsOn = ()
    imports: Imports = ()
    policy: Policy = Policy()


class Platform(Strict):
    """An environment's network, load balancer and cluster."""

    api_version: Literal["reconciler/v1"]
    kind: Literal["Platform"]
    metadata: Metadata
    spec: PlatformSpec
    overrides: Overrides = Field(default_factory=dict)


class Service(Strict):
    """A container that runs in environments."""

    api_version: Literal["reconciler/v1"]
    kind: Literal["Service"]
    metadata: Metadata
    spec: ServiceSpec
    overrides: Overrides = Field(default_factory=dict)


class Module(Strict):
    """A Terraform root that is neither."""

    api_version: Literal["reconciler/v1"]
    kind: Literal["Module"]
    metadata: Metadata
    spec: ModuleSpec
    overrides: Overrides = Field(default_factory=dict)


Manifest: TypeAlias = Platform | Service | Module
AnyManifest = Annotated[Manifest, Field(discriminator="kind")]

KINDS: Final[Mapping[str, type[Manifest]]] = {"Platform": Platform, "Service": Service, "Module": Module}
SPECS: Final[Mapping[str, type[Spec]]] = {"Platform": PlatformSpec, "Service": ServiceSpec, "Module": ModuleSpec}


def read(document: Document) -> Manifest | tuple[Problem, ...]:
    """The manifest in a document, or all its problems, those of its spelling included."""
    kind = document.data.get("kind")
    model = KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        return _merge_problems(document, (_unknown_kind(document, kind),))
    data = dict(document.data)
    problems = [_place(document, mistake, ()) for mistake in _mistakes(model, data)]
    problems += _check_overrides(document, SPECS[model.__name__])
    if problems or document.problems:
        return _merge_problems(document, problems)
    return model.model_validate_json(_json(data))


def spec_in(manifest: Manifest, environment: str) -> Spec:
    """The spec of a valid manifest in one of its environments."""
    patch = manifest.overrides.get(environment)
    if patch is None:
        return manifest.spec
    base = manifest.spec.model_dump(mode="json", exclude_unset=True)
    return read_spec(manifest.kind, merge_patch(base, patch))


def read_spec(kind: str, data: JsonValue) -> Spec:
    """A spec from its data. Raises ValidationError (a ValueError) where it is not one."""
    return SPECS[kind].model_validate_json(_json(data))


def _mistakes(model: type[BaseModel], data: JsonValue) -> tuple[Mistake, ...]:
    try:
        model.model_validate_json(_json(data))
    except ValidationError as error:
        return explain(model, error)
    return ()


def _check_overrides(document: Document, model: type[Spec]) -> Iterator[Problem]:
    spec, overrides = document.data.get("spec"), document.data.get("overrides")
    if not isinstance(spec, dict) or not isinstance(overrides, dict):
        return
    known = frozenset(_mistakes(model, spec))
    environments = spec.get("environments")
    named = [name for name in environments if isinstance(name, str)] if isinstance(environments, list) else []
    for environment, patch in overrides.items():
        where = ("overrides", environment)
        if isinstance(environments, list) and environment not in named:
            yield _problem(
                document, where, f"{quote(environment)} is not in spec.environments: {suggest(environment, named)}"
            )
        if not isinstance(patch, dict):
            continue
        if "environments" in patch:
            yield _problem(document, (*where, "environments"), "environments cannot be overridden")
        yield from _check_override(document, model, where, merge_patch(spec, patch), known)


def _check_override(
    document: Document,
    model: type[Spec],
    where: Location,
    merged: JsonValue,
    known: frozenset[Mistake],
) -> Iterator[Problem]:
    for mistake in _mistakes(model, merged):
        in_override = any(document.has((*where, *place)) for place in mistake.places)
        if in_override or mistake not in known:
            yield _place(document, mistake, where)


def _place(document: Document, mistake: Mistake, prefix: Location) -> Problem:
    places = [(*prefix, *place) for place in mistake.places]
    place = next(filter(document.has, places), places[0])
    line, column = document.key_at(place) if mistake.at_key else document.at(place)
    return Problem(document.path, line, column, mistake.message)


def _problem(document: Document, key: Location, message: str) -> Problem:
    return Problem(document.path, *document.key_at(key), message)


def _unknown_kind(document: Document, kind: JsonValue) -> Problem:
    if kind is None:
        return Problem(document.path, *document.at(("kind",)), f"kind is missing: {suggest('', KINDS)}")
    message = f"{quote(str(kind))} is not a kind of manifest: {suggest(str(kind), KINDS)}"
    return Problem(document.path, *document.at(("kind",)), message)


def _merge_problems(document: Document, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Both sets; of two at one place only the spelling, since the other follows from it."""
    spelled = {(problem.line, problem.column) for problem in document.problems}
    fresh = {problem for problem in problems if (problem.line, problem.column) not in spelled}
    return tuple(sorted(fresh.union(document.problems)))


def _json(data: JsonValue) -> str:
    return json.dumps(data, ensure_ascii=False)
