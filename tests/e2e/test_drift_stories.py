"""Drift as people live through it, with the daemon as a process."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemon import Daemon, module

pytestmark = pytest.mark.aws


def reports(daemon: Daemon, name: str) -> list[Path]:
    return sorted((daemon.folder / "data/reports/develop" / name).glob("*.json"))


def report(daemon: Daemon, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(reports(daemon, name)[-1].read_text())
    return document


def settle(daemon: Daemon, mode: str) -> None:
    daemon.write({"alpha.yaml": module("alpha", text="one", policy="{interval: 2s}")})
    daemon.start()
    daemon.until_settled("alpha")
    daemon.write({"alpha.yaml": module("alpha", text="one", policy=f"{{interval: 2s, mode: {mode}}}")})
    daemon.until(lambda: daemon.instance("alpha")["mode"] == mode)


def test_what_is_only_observed_is_reported_and_left_alone(daemon: Daemon) -> None:
    settle(daemon, "observe")
    quiet = daemon.run("drift")
    assert (quiet.returncode, quiet.stdout) == (0, "no drift\n")
    daemon.change_by_hand("alpha", "by hand")
    daemon.until_reason("alpha", "Observed")
    found = daemon.run("drift")
    assert found.returncode == 3
    assert "develop/alpha: OutOfBandChange" in found.stdout
    assert "reported only" in found.stdout
    assert 'input: "one" → "by hand"' in found.stdout
    assert report(daemon, "alpha")["state"] == "open"
    assert daemon.text("alpha") == "one", "the output was not touched"
    daemon.change_by_hand("alpha", "one")
    daemon.until(lambda: report(daemon, "alpha")["state"] == "resolved")
    assert daemon.run("drift").returncode == 0
    assert "without an apply" in reports(daemon, "alpha")[-1].with_suffix(".md").read_text()
    assert len(reports(daemon, "alpha")) == 1


def test_drift_waits_for_a_person_who_refuses_and_then_agrees(daemon: Daemon) -> None:
    settle(daemon, "approve")
    daemon.change_by_hand("alpha", "by hand")
    waiting = daemon.until_reason("alpha", "AwaitingApproval")
    assert waiting["drift"]["response"] == "wait"
    shown = daemon.run("diff", "develop/alpha")
    assert (shown.returncode, waiting["plan"]["digest"] in shown.stdout) == (3, True)
    assert daemon.run("reject", "develop/alpha").returncode == 0
    refused = daemon.until_reason("alpha", "Rejected")
    assert "rejected by" in refused["message"]
    looked_at = refused["checked_at"]
    daemon.until(lambda: daemon.instance("alpha")["checked_at"] != looked_at)
    assert daemon.instance("alpha")["reason"] == "Rejected", "nobody is asked again"
    assert daemon.run("approve", "develop/alpha", "--digest", waiting["plan"]["digest"]).returncode == 0
    daemon.until(lambda: daemon.instance("alpha")["sync"] == "InSync")
    ended = report(daemon, "alpha")["resolved"]
    assert ended["how"] == "repaired by an apply"
    assert ended["approved_by"]
