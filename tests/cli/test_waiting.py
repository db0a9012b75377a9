"""`wait` and `reconcile --wait`: when an instance counts as live, failed or still waiting."""

import contextlib
import shutil
import subprocess
from datetime import timedelta
from typing import Any

import pytest

from reconciler.cli.commands import waiting
from reconciler.cli.commands.waiting import Failed, Live, Waiting, verdict
from reconciler.core.record.model import Condition, Failures, Record
from reconciler.core.views import api
from reconciler.core.vocabulary import ConditionType, Health, Reason, Sync
from tests.cli.conftest import Cli, Served
from tests.web.control import COMMIT, NOON, ORDERS, PAYMENTS, READ, instances, live_record

NEXT = "ab" * 20


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_POLL", 0.01)


def record(**changes: Any) -> Record:
    """Return the record of a live payments, with changes."""
    return live_record(instances()[PAYMENTS]).replace(**changes)


def ready(status: bool, reason: Reason, message: str = "") -> dict[ConditionType, Condition]:
    """Return conditions with this Ready condition."""
    return {ConditionType.READY: Condition(ConditionType.READY, status, reason, message, NOON)}


def stalled(reason: Reason) -> dict[ConditionType, Condition]:
    """Return the conditions of a stalled instance."""
    condition = Condition(ConditionType.STALLED, True, reason, "why", NOON)
    return ready(False, Reason.PLAN_FAILED) | {ConditionType.STALLED: condition}


PENDING = {"desired_digest": "sha256:d2", "applied_digest": None, "sync": Sync.PENDING}
UNSEEN = {"desired_source": "sha256:before", "applied_source": "sha256:before"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Live),
        ({"accepted_commit": "older", "applied_commit": "older"}, Live),
        ({"health": Health.PROGRESSING, "conditions": ready(False, Reason.PROGRESSING)}, Waiting),
        ({"health": Health.UNKNOWN, "conditions": ready(False, Reason.AWAITING_FIRST_IMAGE)}, Waiting),
        ({"sync": Sync.DRIFTED}, Waiting),
        (UNSEEN, Waiting),
        (PENDING | {"conditions": ready(False, Reason.AWAITING_APPROVAL)}, Waiting),
        (PENDING | {"conditions": ready(False, Reason.OUTSIDE_WINDOW)}, Waiting),
        (PENDING | {"conditions": ready(False, Reason.APPLY_FAILED)}, Waiting),
        (PENDING | {"conditions": stalled(Reason.RETRIES_EXHAUSTED)}, Failed),
        (PENDING | {"conditions": ready(False, Reason.SUSPENDED)}, Failed),
        (PENDING | {"suspended": True, "conditions": ready(False, Reason.DEPENDENCY_NOT_READY)}, Failed),
        ({"suspended": True, "conditions": ready(True, Reason.SUSPENDED)}, Live),
        ({"health": Health.DEGRADED, "conditions": ready(False, Reason.ROLLED_BACK)}, Failed),
        ({"health": Health.DEGRADED, "conditions": ready(False, Reason.ROLLOUT_TIMEOUT)}, Failed),
        ({"removed": NOON}, Failed),
        ({"sync": Sync.UNKNOWN, "conditions": ready(False, Reason.STATE_LOST)}, Failed),
        # A failure of the previous content does not count against new content that no pass has seen yet.
        (UNSEEN | {"health": Health.DEGRADED, "conditions": ready(False, Reason.ROLLED_BACK)}, Waiting),
        (UNSEEN | {"conditions": stalled(Reason.RETRIES_EXHAUSTED)}, Waiting),
        ({"conditions": stalled(Reason.INVALID_MANIFEST)}, Failed),
        (UNSEEN | {"conditions": stalled(Reason.INVALID_MANIFEST)}, Failed),
    ],
)
def test_the_verdict_follows_from_the_record(changes: dict[str, Any], expected: type) -> None:
    assert type(verdict(api.detail(record(**changes), NOON))) is expected


def test_a_failure_has_the_reason_and_message_of_the_record() -> None:
    conditions = ready(False, Reason.ROLLED_BACK, "tasks failed to start")
    found = verdict(api.detail(record(health=Health.DEGRADED, conditions=conditions), NOON))
    assert found == Failed("RolledBack: tasks failed to start")


def test_wait_ends_when_the_commit_is_live(cli: Cli, daemon: Served) -> None:
    ended = cli("wait", "develop/payments", "--commit", COMMIT)
    assert (ended.code, ended.out) == (0, f"develop/payments: live and healthy at {COMMIT[:12]}\n")


def test_wait_accepts_a_short_commit(cli: Cli, daemon: Served) -> None:
    assert cli("wait", "develop/payments", "--commit", COMMIT[:8]).code == 0


def test_wait_fails_at_the_timeout_with_the_reason(cli: Cli, daemon: Served) -> None:
    ended = cli("wait", "develop/payments", "--commit", NEXT, "--timeout", "100ms")
    assert ended.code == 1
    assert f"the daemon is at {COMMIT[:12]}, not at {NEXT[:12]}" in ended.err


def test_wait_fails_immediately_when_the_instance_fails(cli: Cli, daemon: Served) -> None:
    daemon.control.known[PAYMENTS] = record(conditions=stalled(Reason.INVALID_MANIFEST))
    ended = cli("wait", "develop/payments", "--commit", COMMIT)
    assert (ended.code, ended.err) == (1, "reconciler: develop/payments failed: InvalidManifest: why\n")


def test_wait_sees_the_commit_arrive_and_then_the_instance(
    cli: Cli, daemon: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[str] = []

    def report(text: str) -> None:
        reported.append(text)
        if len(reported) == 1:
            daemon.control.known[PAYMENTS] = record(**PENDING, conditions=ready(False, Reason.PROGRESSING, "applying"))
            daemon.control.status = READ.__class__(NEXT, NOON, None, ())
        else:
            daemon.control.known[PAYMENTS] = record(applied_commit=NEXT)

    monkeypatch.setattr(waiting, "progress", lambda: contextlib.nullcontext(report))
    ended = cli("wait", "develop/payments", "--commit", NEXT)
    assert ended.code == 0
    assert [line.split(": ", 1)[1] for line in reported] == [
        f"the daemon is at {COMMIT[:12]}, not at {NEXT[:12]}",
        "Progressing: applying",
    ]


def test_a_daemon_at_a_later_commit_includes_an_earlier_one(cli: Cli, daemon: Served) -> None:
    git = shutil.which("git") or "git"

    def run(*arguments: str) -> str:
        identity = ("-c", "user.name=ada", "-c", "user.email=ada@example.com")
        return subprocess.run([git, *identity, *arguments], check=True, capture_output=True, text=True).stdout.strip()

    run("init", "--quiet", "-b", "main")
    run("commit", "--quiet", "--allow-empty", "-m", "mine")
    mine = run("rev-parse", "HEAD")
    run("commit", "--quiet", "--allow-empty", "-m", "later")
    later = run("rev-parse", "HEAD")
    daemon.control.status = READ.__class__(later, NOON, None, ())
    assert cli("wait", "develop/payments", "--commit", mine).code == 0
    assert cli("wait", "develop/payments", "--commit", "HEAD~1").code == 0
    daemon.control.status = READ.__class__(mine, NOON, None, ())
    assert cli("wait", "develop/payments", "--commit", later, "--timeout", "50ms").code == 1


@pytest.mark.parametrize("commit", ["--upload-pack=x", "main", "", "HEAD"])
def test_a_revision_that_git_cannot_resolve_is_refused(cli: Cli, daemon: Served, commit: str) -> None:
    ended = cli("wait", "develop/payments", f"--commit={commit}")
    assert ended.code == 2
    assert "is not a commit" in ended.err


def test_a_bad_timeout_is_invalid(cli: Cli, daemon: Served) -> None:
    assert cli("wait", "develop/payments", "--commit", COMMIT, "--timeout", "soon").code == 2


def test_reconcile_waits_until_the_requested_pass_has_ended(cli: Cli, daemon: Served) -> None:
    daemon.control.known[PAYMENTS] = record(requested_at=NOON)
    daemon.control.afterwards[PAYMENTS] = record()
    ended = cli("reconcile", "develop/payments", "--wait", "--timeout", "30s")
    assert ended.code == 0
    assert "the requested pass has not ended" in ended.err


def test_reconcile_fails_with_the_failure_of_its_pass(cli: Cli, daemon: Served) -> None:
    conditions = ready(False, Reason.PLAN_FAILED, "no such subnet")
    daemon.control.known[PAYMENTS] = record(**PENDING, conditions=conditions, failures=Failures("sha256:d2", 1, NOON))
    ended = cli("reconcile", "develop/payments", "--wait", "--timeout", "30s")
    assert (ended.code, ended.err) == (1, "reconciler: develop/payments failed: PlanFailed: no such subnet\n")


def test_reconcile_of_a_plan_that_awaits_approval_ends_at_the_timeout(cli: Cli, daemon: Served) -> None:
    daemon.control.known[ORDERS] = live_record(instances()[ORDERS]).replace(
        **PENDING, conditions=ready(False, Reason.AWAITING_APPROVAL, "1 to destroy"), checked_at=NOON - timedelta(1)
    )
    ended = cli("reconcile", "develop/orders", "--wait", "--timeout", "50ms")
    assert ended.code == 1
    assert "AwaitingApproval: 1 to destroy" in ended.err
