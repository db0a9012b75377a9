"""Commands that talk to the daemon, against a real API on its socket and over TCP."""

import json
import os
import pwd
from pathlib import Path

import pytest

from reconciler.core.ports.control import (
    Action,
    Adopt,
    AdoptState,
    Approve,
    ConfirmPrune,
    Reconcile,
    Reject,
    Resume,
    Suspend,
    Unlock,
)
from tests.cli.conftest import TOKEN, Cli, Served
from tests.local import other_user
from tests.web.control import COMMIT, ORDERS, ORPHAN, PAYMENTS, PLATFORM

NO_ORPHANS = "no orphans: every state has a manifest or a record\n"


def test_get_shows_a_line_for_each_instance(cli: Cli, daemon: Served) -> None:
    ended = cli("get")
    lines = [line.split() for line in ended.out.splitlines()]
    assert (ended.code, ended.err) == (0, "")
    assert lines[0][:4] == ["INSTANCE", "KIND", "SYNC", "HEALTH"]
    assert lines[1][:6] == ["develop/orders", "Service", "PendingAndDrifted", "Degraded", "no", "Suspended"]
    assert lines[2][:6] == ["develop/payments", "Service", "InSync", "Healthy", "yes", "InSync"]
    assert COMMIT[:12] in lines[2]


def test_get_accepts_keys_and_filters(cli: Cli, daemon: Served) -> None:
    assert json.loads(cli("get", "develop/payments", "-o", "json").out)["instances"][0]["key"] == "develop/payments"
    found = json.loads(cli("get", "--reason", "AwaitingApproval", "-o", "json").out)["instances"]
    assert [item["key"] for item in found] == ["develop/orders"]
    assert cli("get", "--environment", "prod").out == "no instances\n"


def test_get_with_exit_code_exits_3_unless_all_instances_are_in_sync_and_healthy(cli: Cli, daemon: Served) -> None:
    assert cli("get", "--exit-code").code == 3
    assert cli("get", "develop/payments", "--exit-code").code == 0


def test_get_orphans_exits_3_when_there_are_any(cli: Cli, daemon: Served) -> None:
    assert (cli("get", "--orphans").code, cli("get", "--orphans").out) == (0, NO_ORPHANS)
    daemon.control.left = (ORPHAN,)
    ended = cli("get", "--orphans", "--environment", "develop")
    assert ended.code == 3
    assert ended.out.splitlines()[1].split() == [
        "develop/old", "7", "2026-03-04T12:00:00Z", "s3://states/develop/old/terraform.tfstate"
    ]  # fmt: skip
    as_json = cli("get", "--orphans", "-o", "json")
    assert (as_json.code, json.loads(as_json.out)["orphans"][0]["key"]) == (3, "develop/old")
    over_tcp = cli("get", "--orphans", "--url", daemon.url)
    assert (over_tcp.code, "bearer token" in over_tcp.err) == (1, True)


def test_orphans_cannot_be_combined_with_filters_of_instances(cli: Cli, daemon: Served) -> None:
    for arguments in (("develop/orders",), ("--reason", "InSync"), ("--watch",)):
        assert cli("get", "--orphans", *arguments).code == 2
    assert cli("get", "--orphans", "--environment", "nowhere").code == 2


def test_describe_shows_conditions_plan_and_drift(cli: Cli, daemon: Served) -> None:
    out = cli("describe", "develop/orders").out
    for part in (
        "services/orders.yaml:1",
        "AwaitingApproval",
        "Plan sha256:p1",
        "1 to update, 1 to replace",
        "± aws_ecs_task_definition.this (is tainted)\n",
        "Failed checks:\n  check.health (fail): the shop answers 503\n",
        "Warnings:\n  Argument is deprecated: use name\n",
        'memory: "512" → "1024"',
        "Drift:",
        "~ aws_ecs_service.this",
        "desired_count: 4 → 2",
        "RolledBack",
    ):
        assert part in out
    assert json.loads(cli("describe", "develop/orders", "-o", "json").out)["plan"]["digest"] == "sha256:p1"


def test_history_shows_passes(cli: Cli, daemon: Served) -> None:
    lines = cli("history", "develop/orders", "--limit", "2").out.splitlines()
    assert len(lines) == 3
    assert "2026-03-04T12:00:00Z" in lines[1]
    assert len(json.loads(cli("history", "develop/orders", "-o", "json").out)["passes"]) == 20


@pytest.mark.parametrize(
    ("arguments", "action"),
    [
        (("reconcile", "develop/payments"), Reconcile()),
        (("suspend", "develop/payments"), Suspend()),
        (("resume", "develop/payments"), Resume()),
        (("prune", "--confirm", "develop/payments"), ConfirmPrune()),
        (("unlock", "develop/payments"), Unlock()),
        (("adopt-state", "develop/payments"), AdoptState()),
        (("reconcile", "develop/payments", "--from-empty", "--reason", "gone"), Reconcile(from_empty="gone")),
    ],
)
def test_an_action_reaches_the_daemon_in_the_name_that_the_kernel_knows(
    cli: Cli, daemon: Served, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], action: Action
) -> None:
    monkeypatch.setenv("LOGNAME", "ceo")
    ended = cli(*arguments)
    assert ended.code == 0
    assert ended.out.startswith("develop/payments: ")
    own = pwd.getpwuid(os.geteuid()).pw_name
    assert [(key, asked, by.name, by.claimed) for key, asked, by in daemon.control.asked] == [
        (PAYMENTS, action, own, "ceo")
    ]


def test_an_override_of_the_windows_needs_a_reason(cli: Cli, daemon: Served) -> None:
    for half in (("--override-window",), ("--from-empty",)):
        ended = cli("reconcile", "develop/payments", *half)
        assert (ended.code, daemon.control.asked) == (2, [])
        assert "add --reason" in ended.err
    assert cli("reconcile", "develop/payments", "--override-window", "--reason", "an incident").code == 0
    assert [action for _, action, _ in daemon.control.asked] == [Reconcile("an incident")]


def test_several_states_are_adopted_at_once_and_none_without_a_name(cli: Cli, daemon: Served) -> None:
    assert cli("adopt-state").code == 2
    assert cli("adopt-state", "develop/payments", "develop/orders").code == 0
    assert [(str(key), action) for key, action, _ in daemon.control.asked] == [
        ("develop/payments", AdoptState()),
        ("develop/orders", AdoptState()),
    ]


def test_a_lost_state_is_shown_beside_the_known_one(cli: Cli, daemon: Served) -> None:
    shown = cli("describe", "develop/orders").out
    assert "lineage l1, serial 7, 3 resources" in shown
    assert "no state, 0 resources" in shown


def test_prune_needs_a_confirmation(cli: Cli, daemon: Served) -> None:
    ended = cli("prune", "develop/payments")
    assert ended.code == 2
    assert "--confirm" in ended.err
    assert daemon.control.asked == []


def test_approve_sends_the_given_digest(cli: Cli, daemon: Served) -> None:
    assert cli("approve", "develop/orders", "--digest", "sha256:p1").code == 0
    assert [(key, action) for key, action, _ in daemon.control.asked] == [(ORDERS, Approve("sha256:p1"))]


def test_adopt_sends_the_given_digest(cli: Cli, daemon: Served) -> None:
    ended = cli("adopt", "develop/orders", "--digest", "sha256:p1")
    assert (ended.code, ended.out) == (0, "develop/orders: approved the adoption of sha256:p1\n")
    assert [(key, action) for key, action, _ in daemon.control.asked] == [(ORDERS, Adopt("sha256:p1"))]


def test_reject_applies_to_the_plan_that_waits_or_to_the_given_digest(cli: Cli, daemon: Served) -> None:
    assert cli("reject", "develop/orders").out == "develop/orders: rejected sha256:p1\n"
    assert cli("reject", "develop/orders", "--digest", "sha256:p1").code == 0
    outdated = cli("reject", "develop/orders", "--digest", "sha256:old")
    assert outdated.code == 1
    assert "sha256:p1" in outdated.err
    assert [action for _, action, _ in daemon.control.asked] == [Reject(), Reject("sha256:p1")]


def test_approve_of_an_outdated_plan_fails_with_the_current_digest(cli: Cli, daemon: Served) -> None:
    ended = cli("approve", "develop/orders", "--digest", "sha256:old")
    assert ended.code == 1
    assert "sha256:p1" in ended.err
    assert daemon.control.asked == []


def test_approve_without_a_digest_shows_the_plan_and_asks_for_confirmation(
    cli: Cli, daemon: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    prompts: list[str] = []

    def decline(prompt: str) -> str:
        prompts.append(prompt)
        return "y"

    monkeypatch.setattr("builtins.input", decline)
    assert cli("approve", "develop/orders").code == 1
    assert daemon.control.asked == []
    assert prompts == ["\nApply this plan to develop/orders? Type 'yes' to apply: "]
    monkeypatch.setattr("builtins.input", lambda _: "yes")
    ended = cli("approve", "develop/orders")
    assert ended.code == 0
    assert "Plan sha256:p1" in ended.out
    assert daemon.control.asked[0][1] == Approve("sha256:p1")


def test_approve_in_a_script_needs_the_digest(cli: Cli, daemon: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    ended = cli("approve", "develop/orders")
    assert ended.code == 2
    assert "--digest sha256:p1" in ended.err


def test_a_refusal_of_the_daemon_is_one_line(cli: Cli, daemon: Served) -> None:
    daemon.control.refusal = "develop/payments still has a manifest"
    ended = cli("prune", "--confirm", "develop/payments")
    assert (ended.code, ended.err) == (1, "reconciler: develop/payments still has a manifest\n")


@pytest.mark.parametrize(
    "arguments",
    [("get", "develop/gone"), ("describe", "develop/gone"), ("history", "develop/gone"), ("describe", "gone")],
)
def test_an_unknown_instance_is_invalid_input(cli: Cli, daemon: Served, arguments: tuple[str, ...]) -> None:
    ended = cli(*arguments)
    assert ended.code == 2
    assert "gone" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_over_tcp_reading_is_open_and_acting_needs_the_token(
    cli: Cli, daemon: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("get", "--url", daemon.url).code == 0
    monkeypatch.setenv("RECONCILER_URL", daemon.url)
    refused = cli("suspend", "develop/platform")
    assert refused.code == 1
    assert "bearer token" in refused.err
    monkeypatch.setenv("RECONCILER_TOKEN", TOKEN)
    assert cli("suspend", "develop/platform").code == 0
    assert daemon.control.asked[0][0] == PLATFORM


def test_without_a_daemon_the_message_says_what_to_check(cli: Cli) -> None:
    ended = cli("get")
    assert ended.code == 1
    assert ".reconciler/reconciler.sock" in ended.err
    assert "reconciler run" in ended.err
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("url", "code", "message"),
    [
        ("http://127.0.0.1:1", 1, "no daemon answers at http://127.0.0.1:1"),
        ("http://nowhere.invalid", 1, "no daemon answers at http://nowhere.invalid"),
        ("ftp://x", 2, "is not a URL"),
        ("http://x:y", 2, "is not a URL"),
        ("localhost:8080", 2, "is not a URL"),
    ],
)
def test_a_wrong_url_is_named_in_the_message(cli: Cli, url: str, code: int, message: str) -> None:
    ended = cli("get", "--url", url)
    assert ended.code == code
    assert message in ended.err


def test_the_configuration_locates_the_socket(cli: Cli, daemon: Served) -> None:
    Path("etc").mkdir()
    Path("etc/r.yaml").write_text("data: ../.reconciler\n")
    assert cli("get", "--config", "etc/r.yaml").code == 0


def test_messages_cannot_control_the_terminal(cli: Cli, daemon: Served) -> None:
    record = daemon.control.known[ORDERS]
    conditions = {
        kind: condition.__class__(
            condition.type, condition.status, condition.reason, "\x1b[2J[red]evil", condition.since
        )
        for kind, condition in record.conditions.items()
    }
    daemon.control.known[ORDERS] = record.replace(conditions=conditions)
    for command in (("get",), ("describe", "develop/orders")):
        out = cli(*command).out
        assert "\x1b" not in out
        assert "[red]evil" in out


@other_user.needs_root
def test_a_socket_of_another_user_gets_nothing(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with other_user.shared_folder() as folder:
        monkeypatch.setenv("RECONCILER__HTTP__SOCKET", str(folder / "theirs" / "s"))
        with other_user.listening(folder / "theirs" / "s") as listener:
            ended = cli("get")
            assert listener.heard() == ""
        assert (ended.code, ended.out) == (1, "")
        assert f"nothing was sent: {folder}/theirs/s belongs to user {other_user.UID}" in ended.err
        monkeypatch.setenv("RECONCILER__HTTP__SOCKET", str(folder / "s"))
        with other_user.listening(folder / "s", bound_by_owner=True) as listener:
            ended = cli("get")
            assert listener.heard() == ""
        assert f"nothing was sent: a process of user {other_user.UID} listens on {folder}/s" in ended.err
