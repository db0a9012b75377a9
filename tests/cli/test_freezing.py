"""`freeze` and `unfreeze`, against a real API."""

import json
import os
import pwd

from tests.cli.conftest import Cli, Served


def test_a_freeze_is_created_shown_and_lifted(cli: Cli, daemon: Served) -> None:
    own = pwd.getpwuid(os.geteuid()).pw_name
    ended = cli("freeze", "develop", "--reason", "peak season")
    assert (ended.code, ended.out) == (0, "develop: frozen (peak season)\n")
    frozen = f"frozen by {own} since 2026-03-04T12:00:00Z: peak season"
    assert cli("get").out.splitlines()[-1] == f"develop: {frozen}"
    assert frozen in cli("describe", "develop/orders").out
    lifted = cli("unfreeze", "develop", "-o", "json")
    assert (lifted.code, json.loads(lifted.out)["by"]) == (0, own)
    assert "frozen" not in cli("get").out


def test_without_an_environment_all_environments_are_frozen(cli: Cli, daemon: Served) -> None:
    assert cli("freeze", "--reason", "audit").out == "all environments: frozen (audit)\n"
    assert list(daemon.control.frozen) == [None]
    assert cli("unfreeze").code == 0


def test_a_freeze_needs_a_reason_and_a_known_environment(cli: Cli, daemon: Served) -> None:
    assert cli("freeze", "develop").code == 2
    unknown = cli("freeze", "develoop", "--reason", "x")
    assert unknown.code == 2
    assert "develoop" in unknown.err
    assert daemon.control.frozen == {}
    assert cli("unfreeze", "develop").code == 1
