"""The metrics are an interface: their names and labels are fixed here and in `docs/metrics.md`."""

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from desired_state.instance import Key
from desired_state.reading.document import Problem
from reconciler.core.floor import Floor
from reconciler.core.plan.summary import ResourceSummary
from reconciler.core.ports.control import Beat, SourceStatus
from reconciler.core.record.consent import Promoted
from reconciler.core.record.model import Drift, Pass, Record
from reconciler.core.status.events import Failed, Invalid, Suspended, Waiting
from reconciler.core.vocabulary import ConditionType, Reason, Sync
from reconciler.edges.telemetry.metrics import (
    COMMANDS,
    CRASHING,
    NOTIFICATION_RESULTS,
    PASS_RESULTS,
    PHASES,
    RUN_RESULTS,
    Build,
    DiskUsage,
    Metrics,
    Now,
)
from tests.core.instances import NOW, PLATFORM, applied, fold, new

DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"
KEY = {"environment": "develop", "name": "orders"}

# Name, type and labels of every metric. A change here is a change of the interface: it needs a changelog entry.
GOLDEN = {
    "reconciler_instance_floor": ("gauge", {"environment", "name", "setting"}),
    "reconciler_instance_info": ("gauge", {"environment", "name", "kind", "mode", "mode_from", "suspended"}),
    "reconciler_instance_sync": ("gauge", {"environment", "name", "state"}),
    "reconciler_instance_health": ("gauge", {"environment", "name", "state"}),
    "reconciler_instance_condition": ("gauge", {"environment", "name", "type", "status"}),
    "reconciler_instance_reason": ("gauge", {"environment", "name", "reason"}),
    "reconciler_authentication_failures_total": ("counter", {"reason"}),
    "reconciler_token_last_use_timestamp_seconds": ("gauge", {"person", "token"}),
    "reconciler_instance_drifted_resources": ("gauge", {"environment", "name"}),
    "reconciler_instance_drift_age_seconds": ("gauge", {"environment", "name"}),
    "reconciler_instance_last_success_timestamp_seconds": ("gauge", {"environment", "name"}),
    "reconciler_environment_frozen": ("gauge", {"environment"}),
    "reconciler_approvals_pending": ("gauge", set()),
    "reconciler_state_locks_orphaned": ("gauge", set()),
    "reconciler_passes_total": ("counter", {"result"}),
    "reconciler_crashes_total": ("counter", {"part"}),
    "reconciler_disk_size_bytes": ("gauge", set()),
    "reconciler_disk_free_bytes": ("gauge", set()),
    "reconciler_notifications_total": ("counter", {"result"}),
    "reconciler_phase_seconds": ("histogram", {"phase"}),
    "reconciler_terraform_runs_total": ("counter", {"command", "result"}),
    "reconciler_commit_to_applied_seconds": ("histogram", set()),
    "reconciler_queue_depth": ("gauge", set()),
    "reconciler_queue_wait_seconds": ("histogram", set()),
    "reconciler_drift_checks_behind_seconds": ("gauge", {"account"}),
    "reconciler_longest_running_pass_seconds": ("gauge", set()),
    "reconciler_loop_age_seconds": ("gauge", set()),
    "reconciler_source_info": ("gauge", {"url", "branch"}),
    "reconciler_source_last_fetch_timestamp_seconds": ("gauge", set()),
    "reconciler_source_up": ("gauge", set()),
    "reconciler_manifest_problems": ("gauge", set()),
    "reconciler_build_info": ("gauge", {"version", "terraform", "python"}),
    "reconciler_process_start_time_seconds": ("gauge", set()),
    "reconciler_process_cpu_seconds_total": ("counter", set()),
    "reconciler_process_resident_memory_bytes": ("gauge", set()),
    "reconciler_process_virtual_memory_bytes": ("gauge", set()),
    "reconciler_process_open_fds": ("gauge", set()),
    "reconciler_process_max_fds": ("gauge", set()),
}

FETCHED = SourceStatus("c1", NOW, None, (Problem("a.yaml", 1, 1, "broken"),))
LATE = {"111122223333": timedelta(seconds=90)}
BUSY = Beat(timedelta(seconds=1.5), True, False, {Key("develop", "orders"): timedelta(seconds=42)}, 7, LATE)
HALF_FULL = DiskUsage(100, 50)
MODE = {"kind": "Service", "mode": "auto", "mode_from": "manifest"}


@dataclass
class Daemon:
    """The state that the metrics read, mutable."""

    records: list[Record] = field(default_factory=lambda: [applied(), applied(PLATFORM)])
    source: SourceStatus = FETCHED
    beat: Beat = BUSY
    floors: dict[str, Floor] = field(default_factory=dict)
    disk: DiskUsage | None = HALF_FULL

    def metrics(self, url: str = "https://robot:hunter2@git.example/manifests.git") -> Metrics:
        frozen = {"develop": False, "prod": True}
        state = (lambda: self.records, lambda: self.source, lambda: self.beat)
        now = Now(*state, frozen=lambda: frozen, floors=lambda: self.floors, disk=lambda: self.disk, clock=lambda: NOW)
        made = Metrics(now, Build("1.0.0", "1.11.4", url, "main"))
        made.access.token_used("ann", "ann-1")
        return made


def read(metrics: Metrics) -> dict[str, tuple[str, list[tuple[str, dict[str, str], float]]]]:
    """Parse the page as Prometheus does: name to type and samples (suffix, labels, value)."""
    page, content_type = metrics.render()
    assert content_type.startswith("text/plain; version=0.0.4")
    found = {}
    for family in text_string_to_metric_families(page.decode()):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        samples = [(s.name.removeprefix(family.name), dict(s.labels), s.value) for s in family.samples]
        found[name] = (family.type, samples)
    return found


def sample(metrics: Metrics, name: str, suffix: str = "", /, **labels: str) -> float | None:
    values = [value for end, found, value in read(metrics)[name][1] if end == suffix and found == labels]
    assert len(values) <= 1
    return values[0] if values else None


def test_a_disk_that_cannot_be_read_has_no_samples_instead_of_zeros() -> None:
    assert {"reconciler_disk_size_bytes", "reconciler_disk_free_bytes"} <= read(Daemon().metrics()).keys()
    assert not any("disk" in name for name in read(Daemon(disk=None).metrics()))


def test_golden_names_types_and_labels() -> None:
    seen = read(Daemon(floors={"develop": Floor("approve")}).metrics())
    assert {
        name: (kind, {label for _, labels, _ in samples for label in labels} - {"le"})
        for name, (kind, samples) in seen.items()
    } == GOLDEN


def test_exactly_the_golden_metrics_are_documented() -> None:
    row = r"^\| `(reconciler_(?!provider_)\w+)` \| (\w+) \|\s*([^|]*?)\s*\|"
    rows = re.findall(row, DOCUMENT.read_text(), re.MULTILINE)
    assert {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows} == GOLDEN
    assert len(rows) == len(GOLDEN)


def test_every_known_label_value_is_documented() -> None:
    text = DOCUMENT.read_text()
    for value in (*PASS_RESULTS, *PHASES, *RUN_RESULTS, *NOTIFICATION_RESULTS, *Sync, *ConditionType):
        assert f"`{value}`" in text


def test_names_follow_the_conventions_of_prometheus() -> None:
    for name, (kind, samples) in read(Daemon().metrics()).items():
        assert re.fullmatch(r"reconciler_[a-z][a-z_]*[a-z]", name)
        assert name.endswith("_total") == (kind == "counter")
        assert not re.search(r"_(count|sum|bucket|milliseconds|minutes|hours|ms|gauge|histogram|counter)$", name)
        if kind == "histogram" or "timestamp" in name:
            assert name.endswith("_seconds")
        if name.endswith("_info"):
            assert {value for _, _, value in samples} == {1.0}
        assert not {end for end, _, _ in samples} & {"_created"}
        for _, labels, _ in samples:
            assert not labels.keys() & {"commit", "digest", "message", "image", "instance", "job"}


def test_only_a_frozen_environment_has_the_value_1() -> None:
    metrics = Daemon().metrics()
    assert sample(metrics, "reconciler_environment_frozen", environment="prod") == 1
    assert sample(metrics, "reconciler_environment_frozen", environment="develop") == 0


def test_series_without_events_exist_at_zero() -> None:
    metrics = Daemon().metrics()
    for result in PASS_RESULTS:
        assert sample(metrics, "reconciler_passes_total", "_total", result=result) == 0
    for part in CRASHING:
        assert sample(metrics, "reconciler_crashes_total", "_total", part=part) == 0
    for result in NOTIFICATION_RESULTS:
        assert sample(metrics, "reconciler_notifications_total", "_total", result=result) == 0
    for phase in PHASES:
        assert sample(metrics, "reconciler_phase_seconds", "_count", phase=phase) == 0
    for command in COMMANDS:
        for result in RUN_RESULTS:
            assert sample(metrics, "reconciler_terraform_runs_total", "_total", command=command, result=result) == 0
    assert sample(metrics, "reconciler_commit_to_applied_seconds", "_count") == 0


def test_events_are_counted() -> None:
    metrics = Daemon().metrics()
    metrics.pass_ended(Pass("p", Key("develop", "orders"), "git", "c1", NOW, NOW, "applied", None, ""))
    metrics.phase("plan", 3.0)
    metrics.ran("plan", "timed out")
    metrics.visit_started(0.5)
    metrics.notified("dropped")
    assert sample(metrics, "reconciler_notifications_total", "_total", result="dropped") == 1
    assert sample(metrics, "reconciler_passes_total", "_total", result="applied") == 1
    assert sample(metrics, "reconciler_phase_seconds", "_sum", phase="plan") == 3.0
    assert sample(metrics, "reconciler_terraform_runs_total", "_total", command="plan", result="timed out") == 1
    assert sample(metrics, "reconciler_queue_wait_seconds", "_count") == 1


def test_instances_are_read_from_the_current_records() -> None:
    daemon = Daemon()
    metrics = daemon.metrics()
    for state in Sync:
        assert sample(metrics, "reconciler_instance_sync", **KEY, state=state) == (state == Sync.IN_SYNC)
    assert sample(metrics, "reconciler_instance_info", **KEY, **MODE, suspended="false") == 1

    daemon.records[0] = fold(daemon.records[0], Suspended()).replace(sync=Sync.DRIFTED)
    assert sample(metrics, "reconciler_instance_sync", **KEY, state="Drifted") == 1
    assert sample(metrics, "reconciler_instance_sync", **KEY, state="InSync") == 0
    assert sample(metrics, "reconciler_instance_info", **KEY, **MODE, suspended="true") == 1

    del daemon.records[0]
    assert all(labels.get("name") != "orders" for _, samples in read(metrics).values() for _, labels, _ in samples)


def test_the_mode_is_the_effective_one_and_says_where_it_comes_from() -> None:
    metrics = Daemon(floors={"develop": Floor("approve")}).metrics()
    by_floor = MODE | {"mode": "approve", "mode_from": "floor"}
    assert sample(metrics, "reconciler_instance_info", **KEY, **by_floor, suspended="false") == 1
    assert sample(metrics, "reconciler_instance_floor", **KEY, setting="mode") == 1


def test_conditions_have_both_statuses_and_absence_has_a_meaning() -> None:
    metrics = Daemon(records=[new()]).metrics()
    name = "reconciler_instance_condition"
    assert sample(metrics, name, **KEY, type="Ready", status="true") == 0
    assert sample(metrics, name, **KEY, type="Ready", status="false") == 0
    assert sample(metrics, name, **KEY, type="Stalled", status="false") == 1
    waiting = Daemon(records=[fold(new(), Waiting(Reason.AWAITING_APPROVAL, "2 changes"))]).metrics()
    assert sample(waiting, name, **KEY, type="Ready", status="false") == 1
    assert sample(waiting, "reconciler_approvals_pending") == 1
    locked = Daemon(records=[fold(new(), Failed(Reason.LOCK_ORPHANED, "unknown holder"))]).metrics()
    assert sample(locked, "reconciler_state_locks_orphaned") == 1


def test_the_reason_of_an_instance_is_its_current_one() -> None:
    name = "reconciler_instance_reason"
    daemon = Daemon([new()])
    metrics = daemon.metrics()
    assert read(metrics)[name][1] == []
    daemon.records[0] = fold(new(), Waiting(Reason.AWAITING_APPROVAL, "2 changes"))
    assert read(metrics)[name][1] == [("", {**KEY, "reason": "AwaitingApproval"}, 1)]


def test_a_rejected_manifest_is_the_reason_of_its_instance_and_ends_ready_and_in_sync() -> None:
    metrics = Daemon([fold(applied(), Invalid("cpu 250"))]).metrics()
    assert read(metrics)["reconciler_instance_reason"][1] == [("", {**KEY, "reason": "InvalidManifest"}, 1)]
    assert sample(metrics, "reconciler_instance_condition", **KEY, type="Ready", status="false") == 1
    assert sample(metrics, "reconciler_instance_condition", **KEY, type="Stalled", status="true") == 1
    assert sample(metrics, "reconciler_instance_sync", **KEY, state="Pending") == 1


def test_drift_counts_and_ages_once_it_is_confirmed() -> None:
    resource = ResourceSummary("aws_ecs_service.this", ("update",), {})
    seen = Drift(Reason.OUT_OF_BAND_CHANGE, (resource, resource), NOW - timedelta(minutes=5), "wait")
    count, drift_age = "reconciler_instance_drifted_resources", "reconciler_instance_drift_age_seconds"
    for drift, resources, seconds in ((None, 0, 0), (seen, 0, 0), (replace(seen, confirmed=NOW), 2, 300)):
        metrics = Daemon([applied().replace(drift=drift)]).metrics()
        assert (sample(metrics, count, **KEY), sample(metrics, drift_age, **KEY)) == (resources, seconds)


def test_the_last_success_is_an_apply_or_a_check_without_a_difference() -> None:
    name = "reconciler_instance_last_success_timestamp_seconds"
    assert sample(Daemon([new()]).metrics(), name, **KEY) is None
    record = applied(at=NOW - timedelta(hours=1))
    assert sample(Daemon([record]).metrics(), name, **KEY) == (NOW - timedelta(hours=1)).timestamp()
    checked = record.replace(checked_at=NOW)
    assert sample(Daemon([checked]).metrics(), name, **KEY) == NOW.timestamp()
    assert sample(Daemon([checked.replace(sync=Sync.DRIFTED)]).metrics(), name, **KEY) < NOW.timestamp()  # type: ignore[operator]  # never None here


def test_from_commit_to_applied_measures_what_commits_changed() -> None:
    metrics = Daemon().metrics()
    before, after = applied(at=NOW - timedelta(hours=1)), applied(at=NOW)
    changed = before.replace(applied_source="sha256:before")
    metrics.record_changed(changed, after, commit_at=NOW - timedelta(seconds=30))
    assert sample(metrics, "reconciler_commit_to_applied_seconds", "_sum") == 30
    metrics.record_changed(before, after, commit_at=NOW - timedelta(days=1))  # a repair: same source
    on_its_way = changed.replace(promoted=Promoted("sha256:2"))
    metrics.record_changed(on_its_way, after, commit_at=NOW - timedelta(days=1))  # a changed root
    metrics.record_changed(changed, after, commit_at=None)
    metrics.record_changed(after, None, commit_at=None)
    metrics.record_changed(None, new(), commit_at=NOW)
    assert sample(metrics, "reconciler_commit_to_applied_seconds", "_count") == 1


def test_gauges_of_the_daemon_and_its_source() -> None:
    metrics = Daemon().metrics()
    assert sample(metrics, "reconciler_queue_depth") == 7
    assert sample(metrics, "reconciler_longest_running_pass_seconds") == 42
    assert sample(metrics, "reconciler_drift_checks_behind_seconds", account="111122223333") == 90
    assert sample(metrics, "reconciler_loop_age_seconds") == 1.5
    assert sample(metrics, "reconciler_source_up") == 1
    assert sample(metrics, "reconciler_manifest_problems") == 1
    assert sample(metrics, "reconciler_source_last_fetch_timestamp_seconds") == NOW.timestamp()
    assert sample(metrics, "reconciler_source_info", url="https://git.example/manifests.git", branch="main") == 1
    never = Daemon(source=SourceStatus(None, None, None, ())).metrics()
    assert sample(never, "reconciler_source_last_fetch_timestamp_seconds") is None
    assert sample(never, "reconciler_source_up") == 0
    refused = Daemon(source=SourceStatus("c1", NOW, "refused", ())).metrics()
    assert sample(refused, "reconciler_source_last_fetch_timestamp_seconds") == NOW.timestamp()
    assert sample(refused, "reconciler_source_up") == 0
