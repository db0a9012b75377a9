"""Stories of a service team and an operator, with the daemon as a process."""

import json
import signal
from pathlib import Path

import pytest

from tests.e2e.daemon import TABLE, Daemon, module

pytestmark = pytest.mark.aws


def test_a_save_is_applied_and_then_terraform_rests(daemon: Daemon) -> None:
    daemon.write({"alpha.yaml": module("alpha", text="one")})
    daemon.start()
    daemon.until_settled("alpha")
    assert daemon.text("alpha") == "one"
    before = daemon.instance("alpha")["checked_at"]
    daemon.write({"beta.yaml": module("beta", text="two")})
    daemon.until_settled("beta")
    assert daemon.instance("alpha")["checked_at"] == before


def test_without_a_policy_of_its_role_nothing_is_planned(daemon: Daemon) -> None:
    daemon.aws.client("iam").delete_role_policy(RoleName="reconciler", PolicyName="state")
    daemon.write({"alpha.yaml": module("alpha", text="one")})
    daemon.start()
    daemon.until_reason("alpha", "InitFailed")


def test_a_revert_after_a_half_failed_apply_ends_where_it_began(daemon: Daemon) -> None:
    first = module("alpha", text="one")
    daemon.write({"alpha.yaml": first})
    daemon.start()
    daemon.until_settled("alpha")
    daemon.write({"alpha.yaml": module("alpha", text="two", fails=True)})
    daemon.until_reason("alpha", "ApplyFailed")
    assert daemon.state("alpha")["outputs"]["text"]["value"] == "two", "the first half of the change is in the state"
    daemon.write({"alpha.yaml": first})
    daemon.until_settled("alpha")
    assert daemon.text("alpha") == "one"


def test_manifest_values_arrive_literally(daemon: Daemon, tmp_path: Path) -> None:
    hostile = {
        "template": '${file("/etc/passwd")}',
        "directive": "%{ if true }yes%{ endif }",
        "shell": f'"; touch {tmp_path}/owned; echo "',
        "command": f"$(touch {tmp_path}/owned)",
    }
    daemon.write({f"{name}.yaml": module(name, text=text) for name, text in hostile.items()})
    daemon.start()
    for name, text in hostile.items():
        daemon.until_settled(name)
        assert daemon.text(name) == text
    assert not (tmp_path / "owned").exists()


def test_a_broken_manifest_keeps_its_last_good_state_and_holds_up_nobody(daemon: Daemon) -> None:
    daemon.write({"alpha.yaml": module("alpha", text="one")})
    daemon.start()
    daemon.until_settled("alpha")
    broken = module("alpha", text="two").replace("root: probe", "root: probe\n  colour: blue")
    daemon.write({"alpha.yaml": broken, "beta.yaml": module("beta", text="two")})
    daemon.until_settled("beta")
    conditions = {item["type"]: item["reason"] for item in daemon.instance("alpha")["conditions"]}
    assert conditions["Stalled"] == "InvalidManifest"
    assert daemon.text("alpha") == "one"
    source = daemon.get("api/v1/source")
    assert source is not None
    (problem,) = source["problems"]
    assert (problem["path"], problem["line"], problem["column"]) == ("alpha.yaml", 7, 3)


def test_sigterm_lets_an_apply_finish(daemon: Daemon) -> None:
    daemon.write({"alpha.yaml": module("alpha", text="one", seconds=3)})
    daemon.start()
    daemon.until(daemon.applying("alpha").exists)
    assert daemon.stop(signal.SIGTERM) == 0
    assert daemon.text("alpha") == "one"
    assert not daemon.locks()
    daemon.start()
    daemon.until_settled("alpha")
    assert daemon.log.count('"result": "applied"') == 1, "after the restart there was nothing to apply"


def test_a_killed_daemon_does_not_cut_its_apply_short(daemon: Daemon) -> None:
    daemon.write({"alpha.yaml": module("alpha", text="one", seconds=3)})
    daemon.start()
    daemon.until(daemon.applying("alpha").exists)
    daemon.stop(signal.SIGKILL)
    daemon.until(lambda: daemon.text("alpha") == "one" and not daemon.locks())
    daemon.start()
    daemon.until_settled("alpha")
    assert daemon.instance("alpha")["intent"] is None


def test_a_module_is_pruned_when_a_person_confirms(daemon: Daemon) -> None:
    daemon.write({"alpha.yaml": module("alpha", text="one"), "beta.yaml": module("beta", text="two")})
    daemon.start()
    daemon.until_settled("alpha")
    daemon.until_settled("beta")
    daemon.write({"alpha.yaml": None})
    daemon.until_reason("alpha", "PruneConfirmationNeeded")
    assert daemon.text("alpha") == "one"
    assert daemon.act("alpha", "prune") == 200
    daemon.until(lambda: not daemon.instance("alpha"))
    assert daemon.state("alpha")["resources"] == []
    assert daemon.text("beta") == "two"


def test_an_emptied_folder_removes_nothing(daemon: Daemon) -> None:
    daemon.write({"alpha.yaml": module("alpha", text="one")})
    daemon.start()
    daemon.until_settled("alpha")
    daemon.write({"alpha.yaml": None})
    daemon.until(lambda: "empty_snapshot_refused" in daemon.log)
    assert daemon.instance("alpha")["removed_at"] is None
    assert daemon.text("alpha") == "one"


def test_drift_is_found_and_healed(daemon: Daemon) -> None:
    daemon.write({"alpha.yaml": module("alpha", text="one", policy="{interval: 2s}")})
    daemon.start()
    daemon.until_settled("alpha")
    daemon.change_by_hand("alpha", "changed by hand")
    daemon.until(lambda: '"sync": "Drifted"' in daemon.log)
    daemon.until(lambda: daemon.text("alpha") == "one" and daemon.instance("alpha")["sync"] == "InSync")


def test_approval_binds_to_the_plan_that_was_shown(daemon: Daemon) -> None:
    daemon.write({"alpha.yaml": module("alpha", text="one", policy="{mode: approve}")})
    daemon.start()
    shown = daemon.until_reason("alpha", "AwaitingApproval")["plan"]["digest"]
    daemon.write({"alpha.yaml": module("alpha", text="two", policy="{mode: approve}")})
    daemon.until(lambda: daemon.instance("alpha")["plan"]["digest"] != shown)
    assert daemon.act("alpha", "approve", digest=shown) == 409
    assert daemon.text("alpha") is None
    assert daemon.act("alpha", "approve", digest=daemon.instance("alpha")["plan"]["digest"]) == 200
    daemon.until_settled("alpha")
    assert daemon.text("alpha") == "two"


def test_a_suspended_instance_is_left_alone_until_it_is_resumed(daemon: Daemon) -> None:
    daemon.write({"alpha.yaml": module("alpha", text="one")})
    daemon.start()
    daemon.until_settled("alpha")
    assert daemon.run("suspend", "develop/alpha").returncode == 0
    daemon.write({"alpha.yaml": module("alpha", text="two")})
    daemon.until_reason("alpha", "Suspended")
    assert daemon.text("alpha") == "one"
    assert daemon.run("resume", "develop/alpha").returncode == 0
    daemon.until_settled("alpha")
    assert daemon.text("alpha") == "two"


def test_a_foreign_lock_is_reported_with_its_holder_and_never_broken(daemon: Daemon) -> None:
    lock = {"ID": "11111111-2222-3333-4444-555555555555", "Who": "ann@laptop", "Operation": "OperationTypeApply"}
    lock |= {"Created": "2026-01-01T00:00:00Z", "Version": "1.11.4", "Path": f"{daemon.bucket}/develop/alpha"}
    row = f"{daemon.bucket}/develop/alpha/terraform.tfstate"
    item = {"LockID": {"S": row}, "Info": {"S": json.dumps(lock)}}
    daemon.aws.client("dynamodb").put_item(TableName=TABLE, Item=item)
    daemon.write({"alpha.yaml": module("alpha", text="one")})
    daemon.start()
    assert "ann@laptop" in daemon.until_reason("alpha", "StateLocked")["message"]
    assert row in daemon.locks()
    daemon.aws.client("dynamodb").delete_item(TableName=TABLE, Key={"LockID": {"S": row}})
    assert daemon.act("alpha", "reconcile") == 200
    daemon.until_settled("alpha")


def test_commands_of_a_person(daemon: Daemon) -> None:
    daemon.write({"alpha.yaml": module("alpha", text="one")})
    planned = daemon.run("plan", "--repo", str(daemon.manifests), "-o", "json")
    assert planned.returncode == 3, planned.stderr
    (instance,) = json.loads(planned.stdout)["instances"]
    assert (instance["key"], instance["counts"]["create"]) == ("develop/alpha", 2)
    assert not daemon.state("alpha"), "a dry run writes nothing"
    daemon.start()
    daemon.until_settled("alpha")
    assert "develop/alpha" in daemon.run("get").stdout
    assert "Applied" in daemon.run("describe", "develop/alpha").stdout
    assert "applied" in daemon.run("history", "develop/alpha").stdout
    assert daemon.run("get", "develop/nothing").returncode != 0
    target = daemon.folder / "rendered"
    rendered = daemon.run("render", "develop/alpha", str(target), "--repo", str(daemon.manifests))
    assert rendered.returncode == 0, rendered.stderr
    assert json.loads(next(target.rglob("terraform.tfvars.json")).read_text())["text"] == "one"


def test_a_freeze_outlasts_a_restart_and_lets_go_what_waited(daemon: Daemon) -> None:
    daemon.write({"alpha.yaml": module("alpha", text="one")})
    daemon.start()
    daemon.until_settled("alpha")
    assert daemon.run("freeze", "develop", "--reason", "peak season").returncode == 0
    daemon.stop()
    daemon.write({"alpha.yaml": module("alpha", text="two")})
    daemon.start()
    assert "peak season" in daemon.until_reason("alpha", "Frozen")["message"]
    assert daemon.text("alpha") == "one"
    assert daemon.run("unfreeze", "develop").returncode == 0
    daemon.until_settled("alpha")
    assert daemon.text("alpha") == "two"
