"""The status that `get`, `describe` and `diff` show: rejected manifests, the effective mode, applied plans."""

import dataclasses
import json
from datetime import timedelta

import pytest

from desired_state.kinds.policy import Mode
from reconciler.core.floor import Floor
from reconciler.core.status.advance import advance
from reconciler.core.status.events import Applied, Failed, Invalid
from reconciler.core.vocabulary import Reason
from tests.cli.conftest import Cli, Served
from tests.web.control import NOON, ORDERS, PAYMENTS, awaiting_record, instances


def test_get_shows_a_rejected_manifest_on_its_instance(cli: Cli, daemon: Served) -> None:
    why = "services/payments.yaml:7:8: cpu 250 is not one of 256, 512"
    known = daemon.control.known
    known[PAYMENTS] = advance(known[PAYMENTS], Invalid(why), now=NOON)
    ended = cli("get", "develop/payments", "--exit-code")
    assert ended.code == 3
    assert ended.out.splitlines()[1].split(maxsplit=8)[:6] == [
        "develop/payments", "Service", "Pending", "Healthy", "no", "InvalidManifest"
    ]  # fmt: skip
    assert ended.out.splitlines()[1].endswith(why)
    assert cli("get", "--reason", "InvalidManifest").out == ended.out
    (shown,) = json.loads(cli("get", "--reason", "InvalidManifest", "-o", "json").out)["instances"]
    assert (shown["ready"], shown["stalled"], shown["reason"]) == (False, True, "InvalidManifest")
    described = cli("describe", "develop/payments").out
    assert why in described
    assert "Ready     yes" not in " ".join(described.split())


def test_get_and_drift_show_all_pages(cli: Cli, daemon: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    every, drifted = cli("get").out, cli("drift").out
    monkeypatch.setattr("reconciler.web.api.pages.INSTANCES", 1)
    assert cli("get").out == every
    assert cli("drift").out == drifted
    assert len(every.splitlines()) == 4


@pytest.mark.parametrize(
    ("floor", "declared", "shown", "origin"),
    [
        ("auto", "approve", "approve (from the manifest)", "manifest"),
        ("approve", "approve", "approve (from the manifest)", "manifest"),
        ("approve", "auto", "approve (the floor of develop; the manifest says auto)", "floor"),
        ("approve", "observe", "observe (from the manifest)", "manifest"),
    ],
)
def test_the_effective_mode_is_shown_with_its_origin(
    cli: Cli, daemon: Served, floor: Mode, declared: Mode, shown: str, origin: str
) -> None:
    record = daemon.control.known[PAYMENTS]
    policy = record.instance.policy.model_copy(update={"mode": declared})
    spec = record.instance.spec.model_copy(update={"policy": policy})
    daemon.control.known[PAYMENTS] = record.replace(instance=dataclasses.replace(record.instance, spec=spec))
    daemon.control.floors["develop"] = Floor(floor)
    assert f"Mode: {shown}" in " ".join(cli("describe", "develop/payments").out.split())
    (listed,) = json.loads(cli("get", "develop/payments", "-o", "json").out)["instances"]
    assert (listed["mode"], listed["mode_from"]) == (shown.split()[0], origin)
    detail = json.loads(cli("describe", "develop/payments", "-o", "json").out)
    assert (detail["mode"], detail["mode_from"], detail["policy"]["mode"]) == (shown.split()[0], origin, declared)


def test_settings_that_the_floor_overrules_are_shown(cli: Cli, daemon: Served) -> None:
    daemon.control.floors["develop"] = Floor(interval=timedelta(minutes=5))
    assert "Floor: interval: 5m (the manifest says 30m)" in " ".join(cli("describe", "develop/payments").out.split())
    detail = json.loads(cli("describe", "develop/payments", "-o", "json").out)
    assert detail["floor"] == [{"setting": "interval", "effective": "5m", "manifest": "30m"}]


def test_diff_knows_that_a_plan_was_applied(cli: Cli, daemon: Served) -> None:
    known = daemon.control.known
    assert cli("diff", "develop/orders").code == 3
    known[ORDERS] = advance(known[ORDERS], Applied({}, None), now=NOON)
    ended = cli("diff", "develop/orders")
    nothing = "develop/orders has nothing to apply: its last plan was applied at 2026-03-04T12:00:00Z"
    assert (ended.code, ended.out.splitlines()[0]) == (0, nothing)
    assert "task_definition" not in ended.out
    as_json = cli("diff", "develop/orders", "-o", "json")
    assert (as_json.code, json.loads(as_json.out)["plan"]["applied_at"]) == (0, "2026-03-04T12:00:00Z")
    assert ", applied at 2026-03-04T12:00:00Z: " in cli("describe", "develop/orders").out
    failed = Failed(Reason.APPLY_FAILED, "no", of_apply=True)
    known[ORDERS] = advance(awaiting_record(instances()[ORDERS]), failed, now=NOON)
    assert cli("diff", "develop/orders").code == 3
