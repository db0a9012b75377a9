"""Fakes of `reconciler.core.ports.store`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from desired_state.files.tree import Tree
from desired_state.instance import Key
from reconciler.core.record.audit import AuditEntry, AuditFilter
from reconciler.core.record.model import Pass, Record


@dataclass
class FakeStore:
    """Records, history and audit in memory. It never conflicts: `saved` has every write in order."""

    records: dict[Key, Record] = field(default_factory=dict)
    saved: list[Record] = field(default_factory=list)
    deleted: list[Key] = field(default_factory=list)
    passes: list[Pass] = field(default_factory=list)
    audit: dict[str, AuditEntry] = field(default_factory=dict)
    audit_fails: bool = False

    async def load(self) -> Mapping[Key, Record]:
        return dict(self.records)

    async def save(self, record: Record) -> None:
        self.saved.append(record)
        self.records[record.key] = record

    async def delete(self, record: Record) -> None:
        self.deleted.append(record.key)
        self.records.pop(record.key, None)

    async def append(self, finished: Pass) -> None:
        self.passes.append(finished)

    async def history(self, key: Key, *, limit: int) -> Sequence[Pass]:
        return [finished for finished in reversed(self.passes) if finished.key == key][:limit]

    async def keep_entry(self, entry: AuditEntry, *, until: datetime) -> None:
        if self.audit_fails:
            raise OSError("no space left")
        assert self.audit.setdefault(entry.id, entry) == entry, "an entry is never changed"

    async def entries(
        self, wanted: AuditFilter, *, limit: int, before: str | None = None, since: str = ""
    ) -> Sequence[AuditEntry]:
        known = [entry for _, entry in sorted(self.audit.items(), reverse=True) if wanted.matches(entry)]
        return [entry for entry in known if since <= entry.id and (before is None or entry.id < before)][:limit]


@dataclass
class FakeReports:
    """Drift reports by name."""

    kept: dict[str, str] = field(default_factory=dict)

    async def keep(self, name: str, text: str) -> None:
        self.kept[name] = text


@dataclass
class FakeTrees:
    """Root trees by id."""

    trees: dict[str, Tree] = field(default_factory=dict)

    async def put(self, tree_id: str, tree: Tree) -> None:
        self.trees[tree_id] = tree

    async def get(self, tree_id: str) -> Tree:
        return self.trees[tree_id]

    async def pin(self, tree_id: str, root: str, commits: Mapping[str, str]) -> Mapping[str, str]:
        return commits
