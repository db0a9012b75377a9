"""Manifests: the four kinds of documents in a repository, and their validation.

A manifest is valid only if its spec is valid in every environment that it names, with overrides merged. All problems
are reported at once, each at the line to change: in the override if that causes it, else in the spec.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field, JsonValue, ValidationError, ValidationInfo, field_validator

from desired_state.kinds.adoption import Imports
from desired_state.kinds.container.env import as_written
from desired_state.kinds.explain import Mistake, explain
from desired_state.kinds.fields import (
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
from desired_state.kinds.job import JobSpec
from desired_state.kinds.platform import PlatformSpec
from desired_state.kinds.policy import Policy
from desired_state.kinds.service.spec import ServiceSpec
from desired_state.limits import MOST_ENVIRONMENTS, MOST_MERGED
from desired_state.located import Location, Problem, quote
from desired_state.reading.document import Document
from desired_state.reading.doubts import explained
from desired_state.reading.merge import merge_patch
from desired_state.reading.suggestion import Spelling, suggest
from desired_state.reading.trial import Budget, Trial

Overrides = Annotated[dict[EnvironmentName, dict[str, JsonValue]], Field(max_length=MOST_ENVIRONMENTS)]
_COMPARED: Final = 10_000  # names of environments that one manifest may have compared with misspelt ones
Spec: TypeAlias = "PlatformSpec | ServiceSpec | ModuleSpec | JobSpec"


class Metadata(Strict):
    """The name and labels of a manifest. A name is used once per environment, whatever the kind.

    After a rename, `formerName` moves the state to the new name, and a service keeps the names of its AWS resources."""

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
    """Any Terraform root, with its inputs."""

    environments: Environments
    root: RootName
    inputs: dict[str, JsonValue] = Field(default_factory=dict)
    depends_on: DependsOn = ()
    imports: Imports = ()
    policy: Policy = Policy()


class Platform(Strict):
    """The network, load balancer and cluster of an environment."""

    api_version: Literal["reconciler/v1"]
    kind: Literal["Platform"]
    metadata: Metadata
    spec: PlatformSpec
    overrides: Overrides = Field(default_factory=dict)


class Service(Strict):
    """A container image that runs in environments."""

    api_version: Literal["reconciler/v1"]
    kind: Literal["Service"]
    metadata: Metadata
    spec: ServiceSpec
    overrides: Overrides = Field(default_factory=dict)


class Module(Strict):
    """Any other Terraform root."""

    api_version: Literal["reconciler/v1"]
    kind: Literal["Module"]
    metadata: Metadata
    spec: ModuleSpec
    overrides: Overrides = Field(default_factory=dict)


class Job(Strict):
    """A container that runs to its end, on a schedule or on demand."""

    api_version: Literal["reconciler/v1"]
    kind: Literal["Job"]
    metadata: Metadata
    spec: JobSpec
    overrides: Overrides = Field(default_factory=dict)


Manifest: TypeAlias = Platform | Service | Module | Job
AnyManifest = Annotated[Manifest, Field(discriminator="kind")]

KINDS: Final[Mapping[str, type[Manifest]]] = {
    "Platform": Platform,
    "Service": Service,
    "Module": Module,
    "Job": Job,
}
SPECS: Final[Mapping[str, type[Spec]]] = {
    "Platform": PlatformSpec,
    "Service": ServiceSpec,
    "Module": ModuleSpec,
    "Job": JobSpec,
}


def read(document: Document) -> Manifest | tuple[Problem, ...]:
    """Validate a document. Returns the manifest, or all problems, including those found while reading the YAML."""
    document = as_written(document)
    kind = document.data.get("kind")
    model = KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        return _merge_problems(document.problems, (_unknown_kind(document, kind),))
    problems = _problems(document, model, Budget())
    if problems or document.problems:
        of_reading = explained(document, lambda tried: _problems(tried, model, Budget(0, 0)))
        return _merge_problems(of_reading, problems)
    return model.model_validate_json(_json(dict(document.data)))


def spec_in(manifest: Manifest, environment: str) -> Spec:
    """Return the spec of a valid manifest in one of its environments, with the override merged."""
    patch = manifest.overrides.get(environment)
    if patch is None:
        return manifest.spec
    base = manifest.spec.model_dump(mode="json", exclude_unset=True)
    return read_spec(manifest.kind, merge_patch(base, patch))


def read_spec(kind: str, data: JsonValue) -> Spec:
    """Read the spec of a kind from JSON data. Raises ValidationError (a ValueError) if it is not valid."""
    return SPECS[kind].model_validate_json(_json(data))


def _problems(document: Document, model: type[Manifest], budget: Budget) -> list[Problem]:
    data = dict(document.data)
    problems = [_place(document, mistake, ()) for mistake in _mistakes(Trial(model, data, data, budget))]
    return problems + list(_check_overrides(document, SPECS[model.__name__], budget))


def _mistakes(trial: Trial) -> tuple[Mistake, ...]:
    try:
        trial.model.model_validate_json(_json(trial.data))
    except ValidationError as error:
        return explain(error, trial)
    return ()


def _check_overrides(document: Document, model: type[Spec], budget: Budget) -> Iterator[Problem]:
    spec, overrides = document.data.get("spec"), document.data.get("overrides")
    if not isinstance(spec, dict) or not isinstance(overrides, dict):
        return
    known = frozenset(_mistakes(Trial(model, spec, spec, Budget(0, 0))))
    environments = spec.get("environments")
    named = (
        dict.fromkeys(name for name in environments if isinstance(name, str)) if isinstance(environments, list) else {}
    )
    spelling = Spelling(_COMPARED)
    affordable = max(MOST_MERGED // document.root.size(), 1)
    for number, (environment, patch) in enumerate(overrides.items()):
        where = ("overrides", environment)
        if number >= affordable:
            message = f"the manifest is too large for more than {affordable} overrides: make it smaller"
            yield _problem(document, where, message)
            return
        if number >= MOST_ENVIRONMENTS:  # their number is a problem of its own
            return
        if isinstance(environments, list) and environment not in named:
            others = (name for name in named if name not in overrides)
            advice = spelling.suggest(environment, others, none="remove it")
            yield _problem(document, where, f"{quote(environment)} is not in spec.environments: {advice}")
        if not isinstance(patch, dict):
            continue
        if "environments" in patch:
            yield _problem(document, (*where, "environments"), "environments cannot be overridden")
        trial = Trial(model, merge_patch(spec, patch), patch, budget)
        yield from _check_override(document, where, trial, known)


def _check_override(document: Document, where: Location, trial: Trial, known: frozenset[Mistake]) -> Iterator[Problem]:
    for mistake in _mistakes(trial):
        in_override = any(document.has((*where, *place)) for place in mistake.places)
        if in_override or mistake not in known:
            yield _place(document, mistake, where)


def _place(document: Document, mistake: Mistake, prefix: Location) -> Problem:
    places = [(*prefix, *place) for place in mistake.places]
    place = next(filter(document.has, places), places[0])
    line, column = document.key_at(place) if mistake.at_key else document.at(place)
    return Problem(document.path, line, column, mistake.message + mistake.remedy)


def _problem(document: Document, key: Location, message: str) -> Problem:
    return Problem(document.path, *document.key_at(key), message)


def _unknown_kind(document: Document, kind: JsonValue) -> Problem:
    if kind is None:
        return Problem(document.path, *document.at(("kind",)), f"kind is missing: {suggest('', KINDS)}")
    message = f"{quote(str(kind))} is not a kind of manifest: {suggest(str(kind), KINDS)}"
    return Problem(document.path, *document.at(("kind",)), message)


def _merge_problems(of_reading: Collection[Problem], problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Merge the problems of reading and of validation; of two at one place keep the first, which causes the other."""
    places = {(problem.line, problem.column) for problem in of_reading}
    others = {problem for problem in problems if (problem.line, problem.column) not in places}
    return tuple(sorted(others.union(of_reading)))


def _json(data: JsonValue) -> str:
    return json.dumps(data, ensure_ascii=False)
