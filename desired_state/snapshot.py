"""A commit as a whole: its instances, their order, its problems, and its differences from the known instances.

A snapshot never loses an instance by accident. A broken manifest is `invalid` and its instances keep their last good
desired state; an instance is removed only if its manifest is certainly gone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from desired_state.checks import conflicts as checks
from desired_state.checks import listener, loosened, renames
from desired_state.checks.conflicts import EnvironmentFacts, ManifestFinding, Tier
from desired_state.checks.forest import Forest, root_of
from desired_state.checks.graph import order
from desired_state.checks.incumbents import Incumbent, Refusal, Standing, mark
from desired_state.checks.inputs import check_inputs, unchecked
from desired_state.checks.landscape import Landscape
from desired_state.checks.priorities import with_priorities
from desired_state.checks.survey import Candidate, Survey, survey
from desired_state.files.tree import Tree
from desired_state.instance import Instance, Key, digest_source
from desired_state.limits import first_of
from desired_state.reading.document import Problem
from desired_state.reading.suggestion import Spelling
from desired_state.tenants.admission import admit
from desired_state.tenants.route_owners import trespasses
from desired_state.tenants.tenant import Tenants

__all__ = ["Changes", "EnvironmentFacts", "Incumbent", "Snapshot", "Tier", "build", "diff"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All instances of one commit.

    `invalid`: names of manifests that exist but are not valid in at least one environment.
    `unreadable`: files of which not all manifest names could be read; while there are any, no instance is pruned.
    `elsewhere`: keys in environments that have a Platform but are not configured here.
    `platforms`: the Platform of each environment, also if it is broken.
    `former`: former names of manifests, valid or not, in any environment, with the name of the manifest that claims
    each.
    `unchecked`: the inputs of Modules that could not be checked against their root, with the reason.
    `tenants`: those that the manifests were checked against.
    `contested`: names of manifests whose tenant may not use them, with their place; they stand for nothing.
    `hidden`: links and submodules that may stand for a folder with manifests, with what they are.
    `deprecated`: what is out of date in manifests of an earlier version."""

    commit: str
    instances: Mapping[Key, Instance]
    problems: tuple[Problem, ...]
    invalid: frozenset[str]
    unreadable: tuple[str, ...]
    trees: Mapping[str, Tree]
    elsewhere: frozenset[Key] = frozenset()
    platforms: Mapping[str, Key] = field(default_factory=dict)
    former: Mapping[str, str] = field(default_factory=dict)
    unchecked: tuple[Problem, ...] = ()
    tenants: Tenants | None = None
    contested: Mapping[str, str] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict)
    deprecated: tuple[Problem, ...] = ()

    def may_hide(self, key: Key) -> bool:
        """Return whether a file that cannot be read may hold the manifest of an instance."""
        return any(self.tenants is None or self.tenants.may_contain(path, key) for path in self.unreadable)

    def hider(self, path: str) -> str | None:
        """Return the link or submodule that now stands for a folder of this file."""
        ends = [end for end, letter in enumerate(path) if letter == "/"]
        return next((path[:end] for end in ends if path[:end] in self.hidden), None)

    def dependants(self, key: Key) -> frozenset[Key]:
        """Return the instances that depend directly on this one."""
        return frozenset(other for other, instance in self.instances.items() if key in instance.depends_on)

    def order(self) -> tuple[Key, ...]:
        """Return all keys, dependencies first and else sorted by key."""
        return order({key: instance.depends_on for key, instance in self.instances.items()})


@dataclass(frozen=True, slots=True)
class Changes:
    """All known and new keys, classified by a snapshot. `claimed` keys have no manifest, but are the former name of
    another one, so they are not removed."""

    changed: frozenset[Key]
    removed: frozenset[Key]
    invalid: frozenset[Key]
    unchanged: frozenset[Key]
    claimed: frozenset[Key] = frozenset()


def diff(snapshot: Snapshot, known: Mapping[Key, str]) -> Changes:
    """Compare a snapshot with the last accepted source digest of each known key.

    Every key of either side is in exactly one set, except known keys that are served elsewhere, which are in none."""
    present = snapshot.instances
    unchanged = {key for key, instance in present.items() if known.get(key) == instance.source_digest}
    absent = known.keys() - present.keys() - snapshot.elsewhere
    invalid = {key for key in absent if key.name in snapshot.invalid or snapshot.may_hide(key)}
    claimed = {key for key in absent - invalid if key.name in snapshot.former}
    return Changes(
        changed=frozenset(present.keys() - unchanged),
        removed=frozenset(absent - invalid - claimed),
        invalid=frozenset(invalid),
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
    tenants: Tenants | None = None,
    known: Mapping[Key, Incumbent] | None = None,
) -> Snapshot:
    """Build the snapshot of a commit. Never raises for broken content: that becomes problems.

    `files` are the YAML files of the manifests repository by path, `roots` the files of the Terraform source.
    If `environments` is None every environment is accepted, and if `roots` is empty every root.
    `roots_of` has the environments with a Terraform source of their own; None is a source that could not be read.
    Without `tenants` every manifest may ask for everything. `known` are the accepted instances: their claims stand."""
    known = known or {}
    admission = admit(survey(files), tenants, known)
    found, standing = admission.found, Standing.of(known, admission.found)
    configured = environments.keys() if environments is not None else None
    admitted = with_priorities(
        [one for one in found.candidates if configured is None or one.key.environment in configured], known
    )
    refusals = [*admission.refusals, *standing.newcomers(_without(admission.refusals, admitted), environments or {})]
    if tenants is not None:
        refusals += trespasses(_without(refusals, admitted), tenants, standing)
    refused = frozenset(each.mark for each in refusals)
    landscape = Landscape.from_survey(found, configured, lambda one: mark(one) in refused)
    here = _without(refusals, admitted)
    forests = _forests(here, roots, roots_of or {})
    names = {each.candidate.key.name for each in refusals} | admission.lapsed
    by_environment = checks.groups(here, lambda one: one.key.environment)
    spelling = Spelling()
    of_roots = [each for name, one in forests.items() for each in one.findings(by_environment[name], spelling)]
    of_inputs = [each for name, one in forests.items() for each in check_inputs(by_environment[name], one, spelling)]
    compared = _compare(found, here, environments or {}, names, spelling)
    findings = [*landscape.findings(spelling), *of_roots, *of_inputs, *compared]
    invalid = {finding.key for finding in findings} | {one.key for one in here if landscape.has_unclear_platform(one)}
    valid = sorted((one for one in here if one.key not in invalid), key=lambda one: one.key)
    instances = {one.key: _instance(one, forests[one.key.environment], landscape) for one in valid}
    trees = {tree_id: tree for forest in forests.values() for tree_id, tree in forest.trees.items()}
    platforms = {environment: landscape.platform(environment) for environment in landscape.platforms}
    return Snapshot(
        commit=commit,
        instances=instances,
        problems=first_of(
            sorted(
                {
                    *found.problems,
                    *admission.problems,
                    *(each.problem for each in refusals),
                    *(each.problem for each in findings),
                }
            )
        ),
        invalid=frozenset({key.name for key in invalid} | {claim.name for claim in found.claims} | names),
        unreadable=found.unreadable,
        trees={id_: trees[id_] for id_ in sorted({one.tree_id for one in instances.values()})},
        elsewhere=frozenset(one.key for one in found.candidates if landscape.is_served_elsewhere(one)),
        platforms={environment: key for environment, key in platforms.items() if key is not None},
        former=renames.former_names(found),
        unchecked=first_of(
            sorted({*listener.uncompared(here), *_unchecked_inputs(by_environment, forests), *_unread(found.hidden)}),
            noun="notes",
        ),
        tenants=tenants,
        contested=admission.contested,
        hidden=found.hidden,
        deprecated=first_of(sorted(found.deprecated), noun="notes"),
    )


def _without(refusals: Iterable[Refusal], candidates: Iterable[Candidate]) -> list[Candidate]:
    refused = frozenset(each.mark for each in refusals)
    return [one for one in candidates if mark(one) not in refused]


def _forests(here: Sequence[Candidate], roots: Tree, roots_of: Mapping[str, Tree | None]) -> Mapping[str, Forest]:
    """Return the forest of every environment; environments without a source of their own share one."""
    used_in: dict[str, set[str]] = defaultdict(set)
    for one in here:
        used_in[one.key.environment].add(root_of(one))
    shared = used_in.keys() - roots_of.keys()
    common = Forest.build(roots, {root for name in shared for root in used_in[name]})
    forests = dict.fromkeys(sorted(shared), common)
    for name in sorted(used_in.keys() & roots_of.keys()):
        source = roots_of[name]
        forests[name] = Forest.unreadable(used_in[name]) if source is None else Forest.build(source, used_in[name])
    return forests


def _unread(hidden: Mapping[str, str]) -> Iterator[Problem]:
    for path, reason in hidden.items():
        yield Problem(path, 1, 1, f"no manifest is read here: {path} {reason}")


def _unchecked_inputs(
    by_environment: Mapping[str, Sequence[Candidate]], forests: Mapping[str, Forest]
) -> Iterator[Problem]:
    for name, forest in forests.items():
        yield from unchecked(by_environment[name], forest)


def _compare(
    found: Survey,
    here: Sequence[Candidate],
    environments: Mapping[str, EnvironmentFacts],
    refused: Iterable[str],
    spelling: Spelling,
) -> Iterator[ManifestFinding]:
    broken = {claim.name for claim in found.claims}.union(refused)
    yield from checks.check_names(here)
    yield from checks.check_platforms(here)
    yield from renames.check_former_names(here, found.claims)
    yield from checks.check_dependencies(here, lambda name: bool(found.unreadable) or name in broken, spelling)
    yield from checks.check_cycles(here)
    yield from listener.check_routes(here)
    yield from listener.check_aliases(here)
    yield from checks.check_sidecars(here)
    yield from checks.check_tiers(here, environments)
    yield from loosened.check_loosened(here, environments)
    yield from loosened.check_policies(here, environments)
    yield from checks.check_networks(here, environments)


def _instance(one: Candidate, forest: Forest, landscape: Landscape) -> Instance:
    environment, kind = one.key.environment, one.manifest.kind
    tree = forest.ids[root_of(one)]
    platform = landscape.platform(environment)
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
