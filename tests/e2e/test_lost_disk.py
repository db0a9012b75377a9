"""A task's disk goes with the task: what a daemon with a table and a bucket still knows when it starts anew."""

import contextlib
import shutil
import signal
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.standin import StandIn
from tests.e2e.daemon import Daemon, module
from tests.edges.store.tables import make_table

pytestmark = pytest.mark.aws


@pytest.fixture
def daemon(aws: StandIn, tmp_path: Path) -> Iterator[Daemon]:
    """Records in DynamoDB; trees go into the bucket that also has the states."""
    table, bucket = f"records-{uuid.uuid4().hex[:10]}", f"states-{uuid.uuid4().hex[:10]}"
    make_table(aws, table)
    kept = {"table": table, "bucket": bucket, "region": aws.region, "endpoint": aws.endpoint}
    more = {"store": kept, "redaction": {"key": "outlives every disk"}}
    stage = Daemon(tmp_path, aws, bucket=bucket, more=more, store=(table, bucket))
    yield stage
    if stage.process is not None:
        with contextlib.suppress(ProcessLookupError):
            stage.stop(signal.SIGTERM)


def never() -> str:
    """A change window that is not open today, nor tomorrow."""
    day = (datetime.now(UTC) + timedelta(days=3)).strftime("%a").lower()
    return f'[{{days: [{day}], from: "03:00", to: "03:01", timezone: UTC}}]'


def test_a_daemon_that_lost_its_disk_knows_all_that_counts_and_has_nothing_to_do(daemon: Daemon) -> None:
    waiting = module("waiting", text="three", policy=f"{{mode: approve, windows: {never()}}}")
    daemon.write({"kept.yaml": module("kept", text="one"), "gone.yaml": module("gone", text="two"), "w.yaml": waiting})
    daemon.start()
    for name in ("kept", "gone"):
        daemon.until_settled(name)
    daemon.until_reason("waiting", "AwaitingApproval")
    assert daemon.act("waiting", "approve", digest=daemon.instance("waiting")["plan"]["digest"]) == 200
    daemon.until_reason("waiting", "OutsideWindow")
    daemon.write({"gone.yaml": None})
    daemon.until_reason("gone", "PruneConfirmationNeeded")
    before = {name: daemon.instance(name) for name in ("kept", "gone", "waiting")}
    assert before["waiting"]["approval"]["plan_digest"] == before["waiting"]["plan"]["digest"]
    history = daemon.get("api/v1/instances/develop/kept/history")

    assert daemon.stop(signal.SIGTERM) == 0
    assert not (daemon.folder / "data" / "records.sqlite3").exists(), "nothing was kept here"
    assert not (daemon.folder / "data" / "trees").exists()
    shutil.rmtree(daemon.folder / "data")
    said = len(daemon.log)
    daemon.start()
    daemon.until(
        lambda: daemon.read("readyz") and daemon.instance("waiting")["checked_at"] != before["waiting"]["checked_at"]
    )
    daemon.until(lambda: (daemon.get("healthz") or {"running": True})["running"] == [])

    after = {name: daemon.instance(name) for name in before}
    for key in ("digests", "applied_at", "checked_at", "sync", "health", "reason", "plan", "outputs"):
        assert after["kept"][key] == before["kept"][key], key
    assert after["gone"]["removed_at"] == before["gone"]["removed_at"]
    assert after["waiting"]["approval"] == before["waiting"]["approval"]
    assert daemon.get("api/v1/instances/develop/kept/history") == history
    page = daemon.read("metrics")
    assert 'terraform_runs_total{command="apply",result="ok"} 0.0' in page
    assert 'terraform_runs_total{command="plan",result="ok"} 1.0' in page, "the one whose window is closed, no other"
    assert '"result": "applied"' not in daemon.log[said:]

    assert daemon.act("gone", "prune") == 200
    daemon.until(lambda: not daemon.instance("gone"))
    assert daemon.state("gone")["resources"] == [], "destroyed with the tree from the bucket; Git has it no longer"
    assert daemon.text("kept") == "one"


def test_a_report_outlives_the_task_that_wrote_it(daemon: Daemon) -> None:
    daemon.write({"alpha.yaml": module("alpha", text="one", policy="{interval: 2s}")})
    daemon.start()
    daemon.until_settled("alpha")
    daemon.change_by_hand("alpha", "changed by hand")
    s3 = daemon.aws.client("s3")

    def kept() -> set[str]:
        found = s3.list_objects_v2(Bucket=daemon.bucket, Prefix="reports/develop/alpha/").get("Contents", ())
        return {Path(item["Key"]).suffix for item in found}

    daemon.until(lambda: kept() == {".json", ".md"})
    assert not (daemon.folder / "data" / "reports").exists()
