"""The authors of a commit's changes: for each instance whose manifest changed, the commits that changed its file."""

from collections import defaultdict
from collections.abc import Mapping

from desired_state.instance import Instance, Key
from desired_state.snapshot import Changes, Snapshot
from reconciler.core.ports.source import Revision, SourceFailed
from reconciler.core.record.consent import Authorship
from reconciler.core.record.model import Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.engine.world import World

Authorships = Mapping[Key, tuple[Authorship, ...]]


async def authors_of(changes: Changes, snapshot: Snapshot, revision: Revision, world: World) -> Authorships:
    """Return who changed the manifests of these instances since each was accepted; instances without any are left out.

    A file counts as a whole: of several manifests in one file, each has the authors of all.
    """
    paths: dict[str | None, dict[Key, frozenset[str]]] = defaultdict(dict)
    for key in changes.changed | changes.removed | changes.claimed:
        record, instance = world.records.get(key), snapshot.instances.get(key)
        if record is None or instance is None or _says_more(record, instance):
            since = record.accepted_commit if record else None
            paths[since][key] = frozenset(each.path for each in (instance, record and record.instance) if each)
    found: dict[Key, tuple[Authorship, ...]] = {}
    try:
        for since, wanted in paths.items():
            commits = await revision.history(frozenset().union(*wanted.values()), since)
            for key, mine in wanted.items():
                joined = dict.fromkeys(each for path in sorted(mine) for each in commits.get(path, ()))
                found[key] = tuple(_redacted(each, world.redactor) for each in joined)
    except SourceFailed as failure:
        world.observer.log("authors_unknown", commit=revision.commit, error=world.redactor.text(str(failure)))
    return {key: authors for key, authors in found.items() if authors}


def _says_more(record: Record, instance: Instance) -> bool:
    """Return whether the manifest itself asks for something else, and not only its root changed."""
    old = record.instance
    before = (old.kind, old.root, old.labels, old.spec, old.former, record.removed is None)
    return before != (instance.kind, instance.root, instance.labels, instance.spec, instance.former, True)


def _redacted(author: Authorship, redactor: Redactor) -> Authorship:
    signer = author.signer and redactor.text(author.signer)
    return Authorship(author.commit, redactor.text(author.name), redactor.text(author.email), signer)
