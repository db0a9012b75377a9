"""The sync state as it is shown: never in sync while Git asks for something that is not in force."""

from typing import Any

import pytest

from reconciler.core.record.consent import Promoted
from reconciler.core.record.model import Base, Record, Rollout
from reconciler.core.status.conditions import ready
from reconciler.core.status.events import Accepted
from reconciler.core.status.promotion import with_tree
from reconciler.core.views import shown
from reconciler.core.vocabulary import Reason, Sync
from tests.core.instances import IMAGE, NOW, SERVICE, applied, fold, instance

RECORD = applied()
OF_PIPELINE = applied(SERVICE.replace("  image: {tag: 3f9c2d1}\n", ""))
WITHOUT_IMAGE = Base("service", "sha256:1", {"image": {"owner": "git", "uri": None}})
WITH_IMAGE = Base("service", "sha256:1", {"image": {"owner": "git", "uri": IMAGE}})
NEW_TREE = fold(RECORD, Accepted(with_tree(RECORD.instance, "sha256:2"), "c2"))
BACK = Rollout("d1", IMAGE, "td:1", NOW, Reason.ROLLED_BACK, "circuit breaker")


def changed(record: Record, **changes: Any) -> Record:
    return record.replace(**changes)


@pytest.mark.parametrize(
    ("record", "pending"),
    [
        (RECORD, False),
        (changed(RECORD, base=WITH_IMAGE), False),
        (changed(RECORD, base=WITHOUT_IMAGE), True),
        (changed(OF_PIPELINE, base=WITHOUT_IMAGE), False),
        (fold(RECORD, Accepted(instance(SERVICE.replace("512", "1024")), "c2")), True),
        (NEW_TREE, True),
        (changed(NEW_TREE, promoted=Promoted("sha256:1", settled=True, held="lower tiers go first")), False),
        (changed(RECORD, removed=NOW), True),
        (changed(RECORD, rollout=BACK), True),
        (ready(RECORD, NOW, False, Reason.ROLLED_BACK, "circuit breaker"), True),
        (ready(RECORD, NOW, False, Reason.ROLLOUT_FAILED, "circuit breaker"), False),
    ],
    ids=[
        "applied",
        "with the image of Git",
        "with the placeholder, as the tag in Git was not pushed",
        "with the placeholder, as the pipeline pushed nothing",
        "changed in Git",
        "a root tree that no visit considered",
        "a root tree that is held back",
        "removed from Git",
        "rolled back",
        "rolled back, before a requested pass",
        "failed and still in force",
    ],
)
def test_what_git_asks_and_is_not_in_force_is_pending(record: Record, pending: bool) -> None:
    found = {before: shown.sync(record.replace(sync=before)) for before in Sync}
    of_git = {Sync.IN_SYNC: Sync.PENDING, Sync.DRIFTED: Sync.PENDING_AND_DRIFTED} if pending else {}
    assert found == {before: of_git.get(before, before) for before in Sync}
