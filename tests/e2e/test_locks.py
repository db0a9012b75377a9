"""State locks as an operator meets them: ours are cleared, others stay until a person names them."""

import contextlib
import json
import os
import signal
import urllib.request
from pathlib import Path

import pytest

from reconciler.app.parts import provider_directory
from reconciler.edges.state.locks import whoami
from tests.e2e.daemon import TABLE, Daemon, module
from tests.patience import PATIENCE

pytestmark = [
    pytest.mark.aws,
    pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="finds Terraform where Linux shows processes"),
]


def kill_everything(daemon: Daemon) -> None:
    """Do as the end of a container: the daemon, its warm provider and every Terraform of it are gone at once."""
    daemon.stop(signal.SIGKILL)
    sockets = os.fsencode(provider_directory(daemon.folder / "data"))
    runs: list[int] = []
    providers: list[int] = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(daemon.folder):
                runs.append(int(entry.name))
            elif entry.name.isdigit() and sockets in (entry / "cmdline").read_bytes():
                providers.append(int(entry.name))
    for number in (signal.SIGSTOP, signal.SIGKILL):  # nobody sees another one's end, and Terraform writes nothing more
        for pid in (*runs, *providers):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def passes(daemon: Daemon) -> int:
    """Return the number of visits that have ended."""
    with urllib.request.urlopen(f"http://127.0.0.1:{daemon.port}/metrics", timeout=PATIENCE) as answer:
        lines = answer.read().decode().splitlines()
    counts = [line.rsplit(" ", 1)[1] for line in lines if line.startswith("reconciler_passes_total{")]
    return int(sum(map(float, counts)))


def put_lock(daemon: Daemon, name: str, *, lock_id: str, who: str) -> str:
    """A lock of somebody else, as Terraform leaves it in the table. Returns what the table calls it."""
    row = f"{daemon.bucket}/develop/{name}/terraform.tfstate"
    info = {"ID": lock_id, "Who": who, "Operation": "OperationTypeApply", "Created": "2026-01-01T00:00:00Z"}
    item = {"LockID": {"S": row}, "Info": {"S": json.dumps(info | {"Version": "1.11.4", "Path": row})}}
    daemon.aws.client("dynamodb").put_item(TableName=TABLE, Item=item)
    return row


def test_the_lock_of_a_container_that_died_in_an_apply_is_cleared_in_one_pass(daemon: Daemon) -> None:
    daemon.write({"alpha.yaml": module("alpha", text="one", seconds=15)})
    daemon.start()
    daemon.until(daemon.applying("alpha").exists)
    daemon.until(lambda: daemon.instance("alpha")["intent"]["lock_seen"])
    kill_everything(daemon)
    assert daemon.locks()
    daemon.start()
    daemon.until(lambda: daemon.text("alpha") == "one" and daemon.instance("alpha")["current"], within=120)
    assert not daemon.locks()
    assert daemon.log.count("lock_cleared") == 1
    assert daemon.instance("alpha")["intent"] is None


@pytest.mark.parametrize("who", ["ann@laptop", whoami().who])
def test_a_foreign_lock_stays_until_a_person_names_it(daemon: Daemon, who: str) -> None:
    row = put_lock(daemon, "alpha", lock_id="11111111-2222-3333-4444-555555555555", who=who)
    daemon.write({"alpha.yaml": module("alpha", text="one")})
    daemon.start()
    said = daemon.until_reason("alpha", "StateLocked")["message"]
    assert who in said
    assert "reconciler unlock develop/alpha --lock-id 11111111-2222-3333-4444-555555555555" in said
    assert daemon.run("unlock", "develop/alpha").returncode == 0
    wrong = daemon.run("unlock", "develop/alpha", "--lock-id", "99999999-2222-3333-4444-555555555555")
    assert wrong.returncode == 1
    assert "has no lock 99999999-2222-3333-4444-555555555555: its lock is 11111111-2222-3333" in wrong.stderr
    daemon.until(lambda: passes(daemon) >= 2)
    assert row in daemon.locks()
    unlocked = daemon.run("unlock", "develop/alpha", "--lock-id", "11111111-2222-3333-4444-555555555555")
    assert unlocked.returncode == 0, unlocked.stderr
    daemon.until_settled("alpha")
    assert not daemon.locks()


def test_what_is_not_locked_cannot_be_unlocked(daemon: Daemon) -> None:
    daemon.write({"alpha.yaml": module("alpha", text="one")})
    daemon.start()
    daemon.until_settled("alpha")
    refused = daemon.run("unlock", "develop/alpha", "--lock-id", "1")
    assert refused.returncode != 0
    assert "does not wait for a state lock" in refused.stderr
