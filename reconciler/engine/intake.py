"""Intake of a commit: which instances are new, changed, removed, back again, or unreadable.

Nothing is removed by mistake: a manifest that cannot be read is unknown, not removed; an empty snapshot is refused; and
more removals in one commit than the limit wait for a confirmation.
"""

import asyncio
import contextlib
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

from desired_state.instance import Instance, Key
from desired_state.reading.document import Problem
from desired_state.snapshot import EnvironmentFacts, Incumbent, Snapshot, build, diff
from desired_state.tenants.tenant import Tenants
from reconciler.core.decide.gate import prune_guard
from reconciler.core.ports.source import Revision
from reconciler.core.ports.store import StoreConflict
from reconciler.core.record.consent import Authorship
from reconciler.core.status.advance import first as first_record
from reconciler.core.status.events import Accepted, Invalid, Removed
from reconciler.engine.authors import Authorships, authors_of
from reconciler.engine.world import World

_MOST_NAMED = 3
Builder = Callable[
    [Revision, Mapping[str, EnvironmentFacts], Tenants | None, Mapping[Key, Incumbent]], Awaitable[Snapshot]
]


class Intake:
    """Turns revisions into changes of records."""

    def __init__(self, world: World, build: Builder | None = None) -> None:
        self._world, self._build = world, build or _in_thread
        self.failed: dict[Key, Problem] = {}  # of the last commit: what could not be taken in, to be tried again

    async def accept(self, revision: Revision) -> tuple[Snapshot, frozenset[Key]]:
        """Accept one revision. Returns its snapshot and the keys that are due now."""
        facts = {
            name: EnvironmentFacts(environment.tier, environment.allow, frozenset(dict(environment.policies)))
            for name, environment in self._world.environments.items()
        }
        snapshot = await self._build(revision, facts, self._world.tenants, self._incumbents())
        for tree_id, tree in snapshot.trees.items():
            await self._world.trees.put(tree_id, tree)
        known = {
            key: record.instance.source_digest
            for key, record in self._world.records.items()
            if key.environment in self._world.environments
        }
        changes = diff(snapshot, known)
        authors = await authors_of(changes, snapshot, revision, self._world)
        self.failed = {}
        due: list[Key] = []
        for key, instance in snapshot.instances.items():
            with self._alone(key, instance):
                due += [key async for key in self._take(instance, snapshot.commit, authors.get(key))]
        first = _first_problems(snapshot)
        for key in changes.invalid:
            with self._alone(key):
                record = self._world.records[key]
                why = first.get(record.instance.path) or snapshot.problems[:_MOST_NAMED]
                await self._world.records.advance(key, Invalid("; ".join(map(str, why))))
        hidden = {key for key in changes.removed if snapshot.hider(self._world.records[key].instance.path)}
        for key in hidden:
            with self._alone(key):
                await self._world.records.advance(key, Invalid(self._hidden(key, snapshot)))
        for key in changes.claimed:
            with self._alone(key):
                await self._keep(key, snapshot, authors.get(key))
                due.append(key)
        if snapshot.instances:
            due += await self._remove(changes.removed - hidden, snapshot, authors)
        elif changes.removed:
            self._world.observer.log("empty_snapshot_refused", commit=snapshot.commit, kept=len(changes.removed))
            snapshot = dataclasses.replace(snapshot, problems=(*snapshot.problems, _empty(len(changes.removed))))
        if self.failed:
            snapshot = dataclasses.replace(snapshot, problems=(*snapshot.problems, *self.failed.values()))
        return snapshot, frozenset(due)

    @contextlib.contextmanager
    def _alone(self, key: Key, instance: Instance | None = None) -> Iterator[None]:
        """Keep an unexpected error of one instance from the others: it is shown, and tried again with every fetch."""
        try:
            yield
        except StoreConflict:
            raise
        except Exception as surprise:
            record = self._world.records.get(key)
            found = instance or (record.instance if record else None)
            words = (
                f"{key} was not taken in, and is tried again with the next fetch: {type(surprise).__name__}: {surprise}"
            )
            self.failed[key] = Problem(found.path if found else ".", found.line if found else 1, 1, words)
            self._world.observer.crashed("intake", instance=str(key))

    async def _take(
        self, instance: Instance, commit: str, authors: tuple[Authorship, ...] | None
    ) -> AsyncIterator[Key]:
        record = self._world.records.get(instance.key)
        tenant = self._world.tenants.name_of(instance.path) if self._world.tenants else None
        if record is None:
            await self._world.records.begin(first_record(instance, commit, tenant, authors))
            yield instance.key
            return
        changed = record.instance.source_digest != instance.source_digest
        same_policy = record.instance.policy == instance.policy
        await self._world.records.advance(
            instance.key, Accepted(instance, commit if changed else record.accepted_commit, tenant, authors)
        )
        if changed or record.removed or not same_policy:
            yield instance.key

    async def _keep(self, key: Key, snapshot: Snapshot, authors: tuple[Authorship, ...] | None) -> None:
        """Keep an instance whose name another manifest had before, tombstone or not, unless that manifest can take it
        over.

        When it can, the tombstone says that this name may be deleted once its state has moved.
        """
        heir, record = snapshot.former[key.name], self._world.records[key]
        if any((one.key.environment, one.former) == (key.environment, key.name) for one in snapshot.instances.values()):
            await self._world.records.advance(
                key, Removed(f"it was renamed to {heir}, which no longer names it as `formerName`", heir, authors)
            )
            return
        if record.removed:
            await self._world.records.advance(key, Accepted(record.instance, record.accepted_commit))
        message = (
            f"its manifest is gone, and {heir}, with `formerName: {key.name}`, is not valid or not deployed to"
            f" {key.environment}: nothing is removed. Fix {heir}, or drop its `formerName`"
        )
        await self._world.records.advance(key, Invalid(message))

    def _incumbents(self) -> Mapping[Key, Incumbent]:
        return {
            key: Incumbent(record.instance, record.tenant, removed=record.removed is not None)
            for key, record in self._world.records.items()
        }

    def _hidden(self, key: Key, snapshot: Snapshot) -> str:
        """Return why nothing is known of an instance whose folder is a link or a submodule now."""
        path = self._world.records[key].instance.path
        folder = snapshot.hider(path) or path
        return f"its manifest was {path}, and {folder} {snapshot.hidden.get(folder)}: nothing is removed"

    async def _remove(self, keys: Iterable[Key], snapshot: Snapshot, authors: Authorships) -> list[Key]:
        due = []
        new = [key for key in sorted(keys) if self._world.records[key].removed is None]
        removed = Counter(key.environment for key in new)
        total = Counter(key.environment for key in self._world.records)
        for key in new:
            guard = prune_guard(
                removed[key.environment],
                total[key.environment],
                limit_percent=self._world.limits.prune_limit_percent,
            )
            with self._alone(key):
                why = guard or _contested(key, snapshot)
                await self._world.records.advance(key, Removed(why, authors=authors.get(key)))
                due.append(key)
        return due


async def _in_thread(
    revision: Revision,
    facts: Mapping[str, EnvironmentFacts],
    tenants: Tenants | None,
    known: Mapping[Key, Incumbent],
) -> Snapshot:
    return await asyncio.to_thread(
        build,
        commit=revision.commit,
        files=revision.files,
        roots=revision.roots,
        environments=facts,
        roots_of=revision.roots_of,
        tenants=tenants,
        known=known,
    )


def _empty(kept: int) -> Problem:
    """Return the problem of a commit without any manifest."""
    return Problem(
        ".",
        1,
        1,
        f"the commit has no manifest, so nothing is removed and {kept} instances stay as they are: restore the"
        " manifests, check `git.path`, or remove instances a few at a time",
    )


def _contested(key: Key, snapshot: Snapshot) -> str | None:
    """Return why a removal needs a confirmation: the manifest may have moved to a file of another tenant."""
    place = snapshot.contested.get(key.name)
    return f"its manifest is gone, and {place} has its name without being allowed to" if place else None


def _first_problems(snapshot: Snapshot) -> Mapping[str, Sequence[Problem]]:
    """Return the problems of each file that keep its manifests from being used."""
    found: dict[str, list[Problem]] = {}
    for problem in snapshot.problems:
        of_file = found.setdefault(problem.path, [])
        if len(of_file) < _MOST_NAMED:
            of_file.append(problem)
    return found
