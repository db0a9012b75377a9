"""A commit as a whole: its instances, their order, its problems, and how it differs from what is known.

The rule: a snapshot never loses anything by accident. What is broken is `invalid` and keeps its last good
state; only what is known to be gone is removed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from desired_state import checks, renames
from desired_state.checks import EnvironmentFacts, ManifestFinding, Tier
from desired_state.document import Problem
from desired_state.forest import Forest, root_of
from desired_state.graph import order
from desired_state.instance import Instance, Key, digest_source
from desired_state.landscape import Landscape
from desired_state.survey import Candidate, Survey, survey
from desired_state.tree import Tree

__all__ = ["Changes", "EnvironmentFacts", "Snapshot", "Tier", "build", "diff"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All instances of one commit.

    `invalid` are names of manifests that are there but not valid (in some environment at least).
    `unreadable` are files of which not all names could be read: they might hold anything, so nothing
    may be pruned. `elsewhere` are keys in environments that have a Platform but are not configured here.
    `platforms` are the environments' Platforms, broken ones too. `former` are the names that manifests had before, in
    any environment and whether they are valid or not, with the name of who claims each."""

    commit: str
    instances: Mapping[Key, Instance]
    problems: tuple[Problem, ...]
    invalid: frozenset[str]
    unreadable: tuple[str, ...]
    trees: Mapping[str, Tree]
    elsewhere: frozenset[Key] = frozenset()
    platforms: Mapping[str, Key] = field(default_factory=dict)
    former: Mapping[str, str] = field(default_factory=dict)

    def dependants(self, key: Key) -> frozenset[Key]:
        """The instances that depend directly on this one."""
        return frozenset(other for other, instance in self.instances.items() if key in instance.depends_on)

    def order(self) -> tuple[Key, ...]:
        """All keys, dependencies first, else by name."""
        return order({key: instance.depends_on for key, instance in self.instances.items()})


@dataclass(frozen=True, slots=True)
class Changes:
    """Known keys and new ones, by what a snapshot says of them. `claimed` are gone under their names, but another
    manifest says that it had this name before: nothing is removed."""

    changed: frozenset[Key]
    removed: frozenset[Key]
    invalid: frozenset[Key]
    unchanged: frozenset[Key]
    claimed: frozenset[Key] = frozenset()


def diff(snapshot: Snapshot, known: Mapping[Key, str]) -> Changes:
    """Compare a snapshot with the source digests last accepted. Keys served elsewhere are in no set."""
    present = snapshot.instances
    unchanged = {key for key, instance in present.items() if known.get(key) == instance.source_digest}
    absent = known.keys() - present.keys() - snapshot.elsewhere
    held = {key for key in absent if snapshot.unreadable or key.name in snapshot.invalid}
    claimed = {key for key in absent - held if key.name in snapshot.former}
    return Changes(
        changed=frozenset(present.keys() - unchanged),
        removed=frozenset(absent - held - claimed),
        invalid=frozenset(held),
        unchanged=frozenset(unchanged),
        claimed=frozenset(claimed),
    )


def build(
    *,
    commit: str,
    files: Mapping[str, bytes],
    roots: Tree,
    environments: Mapping[str, EnvironmentFacts] | None,
    roots_of: Mapping[str, Tree | None] | None = None,
) -> Snapshot:
    """Everything that a commit asks for.

    `files` are the YAML files of the manifests repository, `roots` the Terraform source. Without
    `environments` every environment is accepted; with no `roots` at all, every root is. `roots_of` names
    environments with a Terraform source of their own; None is one that could not be read."""
    found = survey(files)
    land = Landscape.draw(found, environments.keys() if environments is not None else None)
    here = [one for one in found.candidates if land.is_ours(one)]
    woods = _woods(here, roots, roots_of or {})
    rootless = [finding for name, forest in woods.items() for finding in forest.findings(_of(here, name))]
    findings = [*land.findings(), *rootless, *_compare(found, here, environments or {})]
    out = {finding.key for finding in findings} | {one.key for one in here if land.waits(one)}
    good = sorted((one for one in here if one.key not in out), key=lambda one: one.key)
    instances = {one.key: _instance(one, woods[one.key.environment], land) for one in good}
    trees = {tree_id: tree for forest in woods.values() for tree_id, tree in forest.trees.items()}
    platforms = {environment: land.platform(environment) for environment in land.platforms}
    return Snapshot(
        commit=commit,
        instances=instances,
        problems=tuple(sorted({*found.problems, *(finding.problem for finding in findings)})),
        invalid=frozenset({key.name for key in out} | {claim.name for claim in found.claims}),
        unreadable=found.unreadable,
        trees={id_: trees[id_] for id_ in sorted({one.tree_id for one in instances.values()})},
        elsewhere=frozenset(one.key for one in found.candidates if land.is_elsewhere(one)),
        platforms={environment: key for environment, key in platforms.items() if key is not None},
        former=renames.former_names(found),
    )


def _woods(here: Sequence[Candidate], roots: Tree, roots_of: Mapping[str, Tree | None]) -> Mapping[str, Forest]:
    """The forest of every environment; those with one source share it."""
    shared = [one for one in here if one.key.environment not in roots_of]
    common = Forest.grow(roots, {root_of(one) for one in shared})
    woods = {one.key.environment: common for one in shared}
    for name in sorted({one.key.environment for one in here} & roots_of.keys()):
        source, used = roots_of[name], {root_of(one) for one in _of(here, name)}
        woods[name] = Forest.unread(used) if source is None else Forest.grow(source, used)
    return woods


def _of(here: Sequence[Candidate], environment: str) -> Sequence[Candidate]:
    return [one for one in here if one.key.environment == environment]


def _compare(
    found: Survey, here: Sequence[Candidate], environments: Mapping[str, EnvironmentFacts]
) -> Iterator[ManifestFinding]:
    broken = {claim.name for claim in found.claims}
    yield from checks.check_names(here)
    yield from checks.check_platforms(here)
    yield from renames.check_former_names(here, found.claims)
    yield from checks.check_dependencies(here, lambda name: bool(found.unreadable) or name in broken)
    yield from checks.check_cycles(here)
    yield from checks.check_routes(here)
    yield from checks.check_sidecars(here)
    yield from checks.check_tiers(here, environments)
    yield from checks.check_networks(here, environments)


def _instance(one: Candidate, forest: Forest, land: Landscape) -> Instance:
    environment, kind = one.key.environment, one.manifest.kind
    tree = forest.ids[root_of(one)]
    platform = land.platform(environment)
    labels, former = one.manifest.metadata.labels, one.former
    depends_on = {Key(environment, name) for name in checks.dependencies(one)}
    if platform is not None and platform != one.key:
        depends_on.add(platform)
    return Instance(
        key=one.key,
        kind=kind,
        root=root_of(one),
        labels=labels,
        spec=one.spec,
        depends_on=frozenset(depends_on),
        source_digest=digest_source(kind=kind, key=one.key, labels=labels, spec=one.spec, tree_id=tree, former=former),
        tree_id=tree,
        path=one.document.path,
        line=one.document.root.line,
        former=former,
    )
