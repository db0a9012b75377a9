"""Reasons on the command line, and acts of people in the history."""

import json
from datetime import timedelta

import pytest

from reconciler.core.record.audit import Act, AuditEntry, Cause, entry_id
from tests.cli.conftest import Cli, Served
from tests.web.control import COMMIT, NOON


def test_history_shows_acts_of_people_among_the_passes(
    cli: Cli, daemon: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    at, digest = NOON + timedelta(seconds=1), "sha256:p1"
    acted = Act("approve", "develop/orders", "ann", "socket", "socket", "read it", digest, COMMIT)
    applied = Act("apply", "develop/orders", "reconciler", "daemon", digest=digest, commit=COMMIT)
    cause = Cause(entry_id(at, "0" * 8), "ann", "socket")
    daemon.control.acts = [
        AuditEntry(cause.id, at, acted, "accepted"),
        AuditEntry(entry_id(at, "1" * 8), at, applied, "applied", "Applied", (cause,)),
    ]
    out = cli("history", "develop/orders", "--limit", "3").out
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["2026-03-04T12:00:01Z"] * 2 + ["2026-03-04T12:00:00Z"]
    for words in ("approve by ann (socket)", "read it", "apply by reconciler (daemon)", "Applied; for ann"):
        assert words in out
    shown = json.loads(cli("history", "develop/orders", "-o", "json").out)
    assert [item["action"] for item in shown["acts"]] == ["apply", "approve"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("reconcile", "develop/payments"),
        ("suspend", "develop/payments"),
        ("resume", "develop/payments"),
        ("prune", "--confirm", "develop/payments"),
        ("unlock", "develop/payments"),
        ("adopt-state", "develop/payments"),
        ("approve", "develop/orders", "--digest", "sha256:p1"),
        ("adopt", "develop/orders", "--digest", "sha256:p1"),
        ("reject", "develop/orders"),
    ],
)
def test_every_action_takes_a_reason(cli: Cli, daemon: Served, arguments: tuple[str, ...]) -> None:
    assert cli(*arguments, "--reason", "an incident").code == 0
    assert daemon.control.reasons == [("an incident", "socket")]
    assert cli(*arguments, "--reason", "an\u202eincident").code == 2
    assert len(daemon.control.asked) == 1
