"""Prometheus metrics: gauges of the current records, and counters since the daemon started.

Gauges about instances are read from the records at each scrape, so a removed instance disappears from the metrics too.
No label carries a commit, a digest or a message. `docs/metrics.md` lists every metric.
"""

import platform
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from reconciler.core.floor import NO_FLOOR, Floor
from reconciler.core.ports.control import Beat, SourceStatus
from reconciler.core.record.model import Pass, Record
from reconciler.core.views import shown
from reconciler.core.views.floor import overruled
from reconciler.core.vocabulary import ConditionType, Health, Reason, Sync
from reconciler.edges.telemetry.access_metrics import AccessMetrics
from reconciler.edges.telemetry.provider_metrics import ProviderView
from reconciler.edges.telemetry.provider_metrics import families as provider_families

PASS_RESULTS: Final = ("applied", "drifted", "failed", "moved", "planned", "pruned", "unchanged")
CRASHING: Final = ("audit", "intake", "pass", "source", "upkeep", "visit")
PHASES: Final = ("init", "plan", "show", "apply", "output")
COMMANDS: Final = ("init", "plan", "show", "apply", "output", "state")
RUN_RESULTS: Final = ("ok", "failed", "interrupted", "timed out")
NOTIFICATION_RESULTS: Final = ("sent", "retried", "failed", "dropped")
_PHASE_BUCKETS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 3600)
_WAIT_BUCKETS: Final = (0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800)
_APPLIED_BUCKETS: Final = (5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 86400)
_BEHIND: Final = "Longest delay of a drift check by the budget of AWS calls; 0 without one."


class DiskUsage(NamedTuple):
    """The size of the data folder's file system and what is free of it, in bytes."""

    size: int
    free: int


@dataclass(frozen=True, slots=True)
class Now:
    """Callables that return the current state from memory; the metrics call them at each scrape."""

    records: Callable[[], Iterable[Record]]
    source: Callable[[], SourceStatus]
    beat: Callable[[], Beat]
    provider: Callable[[], ProviderView | None] = lambda: None  # None without a warm provider
    disk: Callable[[], DiskUsage | None] = lambda: None  # None when it cannot be read
    frozen: Callable[[], Mapping[str, bool]] = dict  # by environment
    floors: Callable[[], Mapping[str, Floor]] = dict  # by environment
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Build:
    """The versions of the daemon and of Terraform, and the source of the manifests."""

    version: str
    terraform: str
    source_url: str
    branch: str


class Metrics:
    """The metrics registry, and the methods that add to it. They include those of `core.ports.observer.Observer`."""

    def __init__(self, now: Now, build: Build) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # untyped in the library
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(_CurrentState(now, build))
        ProcessCollector(namespace="reconciler", registry=self.registry)
        self._passes = self._counter("passes", "Passes by result.", "result")
        self._runs = self._counter("terraform_runs", "Terraform commands by result.", "command", "result")
        self._notifications = self._counter("notifications", "Notices by the result of their delivery.", "result")
        self._crashes = self._counter("crashes", "Unexpected errors, by the part that was stopped by one.", "part")
        self.access = AccessMetrics(self.registry)
        self._phases = self._histogram("phase_seconds", "Duration of the phases of a pass.", _PHASE_BUCKETS, "phase")
        self._applied = self._histogram(
            "commit_to_applied_seconds", "Time from a commit to its apply on an instance.", _APPLIED_BUCKETS
        )
        self._waits = self._histogram("queue_wait_seconds", "Time that due keys waited for a worker.", _WAIT_BUCKETS)
        self._start_at_zero()

    def record_changed(self, old: Record | None, new: Record | None, *, commit_at: datetime | None) -> None:
        """Observe the seconds from a commit to the apply of its changes.

        Not measured: the repair of drift, and a changed Terraform root, which comes with no commit of the manifests.
        """
        if old is None or new is None or commit_at is None or new.applied_at is None:
            return
        if old.promoted and not old.promoted.settled:
            return
        if old.applied_source != new.applied_source and old.applied_at != new.applied_at:
            self._applied.observe(max((new.applied_at - commit_at).total_seconds(), 0))

    def pass_ended(self, finished: Pass) -> None:
        """Count a pass by its result."""
        self._passes.labels(finished.result).inc()

    def phase(self, name: str, seconds: float) -> None:
        """Observe the duration of a phase in seconds."""
        self._phases.labels(name).observe(seconds)

    def ran(self, command: str, result: str) -> None:
        """Count a Terraform command by its result."""
        self._runs.labels(command, result).inc()

    def visit_started(self, seconds: float) -> None:
        """Observe the seconds that a due key waited for a worker."""
        self._waits.observe(seconds)

    def notified(self, result: str) -> None:
        """Count a notice by the result of its delivery."""
        self._notifications.labels(result).inc()

    def crashed(self, part: str) -> None:
        """Count an unexpected error of a part of the daemon."""
        self._crashes.labels(part).inc()

    def render(self) -> tuple[bytes, str]:
        """Return the page for Prometheus and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_PLAIN_0_0_4

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, namespace="reconciler", registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, text, labels, namespace="reconciler", registry=self.registry, buckets=buckets)

    def _start_at_zero(self) -> None:
        """Create every known series at 0: one that appears with its first event hides that event from `rate()`."""
        for result in PASS_RESULTS:
            self._passes.labels(result)
        for result in NOTIFICATION_RESULTS:
            self._notifications.labels(result)
        for part in CRASHING:
            self._crashes.labels(part)
        for name in PHASES:
            self._phases.labels(name)
        for command in COMMANDS:
            for result in RUN_RESULTS:
                self._runs.labels(command, result)


class _CurrentState(Collector):
    """A collector that reads the current state anew at each scrape."""

    def __init__(self, now: Now, build: Build) -> None:
        self._now = now
        self._build = build

    def collect(self) -> Iterator[Metric]:
        """Yield all families that are read at the scrape, not counted."""
        records = sorted(self._now.records(), key=lambda record: record.key)
        yield from _instances(records, self._now.floors(), self._now.clock())
        yield from self._daemon(records)
        yield from self._source()
        if view := self._now.provider():
            yield from provider_families(view)

    def _daemon(self, records: Iterable[Record]) -> Iterator[Metric]:
        beat = self._now.beat()
        reasons = [record.reason for record in records]
        waiting, orphaned = reasons.count(Reason.AWAITING_APPROVAL), reasons.count(Reason.LOCK_ORPHANED)
        longest = max((age.total_seconds() for age in beat.running.values()), default=0.0)
        yield _single("approvals_pending", "Instances that await manual approval of a plan.", waiting)
        yield _single("state_locks_orphaned", "Instances blocked by a state lock not proven to be stale.", orphaned)
        frozen = GaugeMetricFamily(
            "reconciler_environment_frozen", "1 while a freeze stops applies.", labels=["environment"]
        )
        for name, is_frozen in sorted(self._now.frozen().items()):
            frozen.add_metric([name], is_frozen)
        yield frozen
        yield _single("queue_depth", "Keys in the queue.", beat.queued)
        behind = GaugeMetricFamily("reconciler_drift_checks_behind_seconds", _BEHIND, labels=["account"])
        for account, late in sorted(beat.behind.items()):
            behind.add_metric([account], late.total_seconds())
        yield behind
        yield _single("longest_running_pass_seconds", "Age of the oldest running pass; 0 without one.", longest)
        yield _single("loop_age_seconds", "Age of the last turn of the daemon's loop.", beat.loop_age.total_seconds())
        if disk := self._now.disk():
            yield _single("disk_size_bytes", "Size of the file system of the data folder.", disk.size)
            yield _single("disk_free_bytes", "What is free of the file system of the data folder.", disk.free)
        build = {
            "version": self._build.version,
            "terraform": self._build.terraform,
            "python": platform.python_version(),
        }
        yield _info("build_info", "Versions of the daemon, Terraform and Python.", build)

    def _source(self) -> Iterator[Metric]:
        status = self._now.source()
        where = {"url": without_userinfo(self._build.source_url), "branch": self._build.branch}
        yield _info("source_info", "Repository and branch of the manifests.", where)
        up = status.fetched_at is not None and status.error is None
        yield _single("source_up", "1 while fetching the manifests works; 0 before the first fetch.", up)
        yield _single("manifest_problems", "Problems in the manifests.", len(status.problems))
        fetched = GaugeMetricFamily(
            "reconciler_source_last_fetch_timestamp_seconds", "Time of the last fetch; absent before the first."
        )
        if status.fetched_at:
            fetched.add_metric([], status.fetched_at.timestamp())
        yield fetched


def _instances(records: Iterable[Record], floors: Mapping[str, Floor], now: datetime) -> Iterator[Metric]:
    info = _family("instance_info", "Kind, mode and suspension of instances.", "kind", "mode", "mode_from", "suspended")
    floor = _family("instance_floor", "1 for each setting that the environment's floor decides.", "setting")
    sync = _family("instance_sync", "1 for the current sync state of an instance.", "state")
    health = _family("instance_health", "1 for the current health of an instance.", "state")
    condition = _family("instance_condition", "1 for the current status of each condition.", "type", "status")
    headline = _family("instance_reason", "1 for the reason that summarises an instance now.", "reason")
    drifted = _family("instance_drifted_resources", "Resources with confirmed drift.")
    ages = _family("instance_drift_age_seconds", "Age of confirmed drift; 0 without any.")
    success = _family("instance_last_success_timestamp_seconds", "Time of the last match with Git; absent before.")
    for record in records:
        key = [record.key.environment, record.key.name]
        treatment, least = record.instance.policy, floors.get(record.key.environment, NO_FLOOR)
        suspended = record.suspended or least.suspends(treatment)
        mode = least.effective_mode(treatment.mode)
        for setting in sorted({one["setting"] for one in overruled(treatment, least, now)}):
            floor.add_metric([*key, setting], 1)
        info.add_metric([*key, record.instance.kind, mode.mode, mode.origin, _word(suspended)], 1)
        for state in Sync:
            sync.add_metric([*key, state.value], state == shown.sync(record))
        for one in Health:
            health.add_metric([*key, one.value], one == record.health)
        for kind, status, is_current in _conditions(record):
            condition.add_metric([*key, kind.value, _word(status)], is_current)
        if summed_up := shown.headline(record):
            headline.add_metric([*key, summed_up.reason.value], 1)
        drift = record.drift if record.drift and record.drift.confirmed else None
        drifted.add_metric(key, len(drift.resources) if drift else 0)
        ages.add_metric(key, max((now - drift.since).total_seconds(), 0) if drift else 0)
        if at := _last_success(record):
            success.add_metric(key, at.timestamp())
    yield from (info, floor, sync, health, condition, headline, drifted, ages, success)


def _conditions(record: Record) -> Iterator[tuple[ConditionType, bool, bool]]:
    """Yield each condition with both statuses, and whether it has that status.

    An absent Ready or Planned is unknown. Every other condition exists only while true, so an absent one is false.
    """
    known = shown.conditions(record)
    for kind in ConditionType:
        found = known.get(kind)
        always = kind in {ConditionType.READY, ConditionType.PLANNED}
        status = found.status if found else (None if always else False)
        yield from ((kind, possible, possible == status) for possible in (True, False))


def _last_success(record: Record) -> datetime | None:
    matches = record.sync == Sync.IN_SYNC and record.applied_digest is not None
    known = (record.applied_at, record.checked_at if matches else None)
    return max(filter(None, known), default=None)


def without_userinfo(url: str) -> str:
    """Return the URL without user and password."""
    return re.sub(r"(?<=://)[^/]*@", "", url, count=1)


def _family(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"reconciler_{name}", text, labels=["environment", "name", *labels])


def _single(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"reconciler_{name}", text, value=value)


def _info(name: str, text: str, labels: dict[str, Any]) -> Metric:
    family = GaugeMetricFamily(f"reconciler_{name}", text, labels=list(labels))
    family.add_metric(list(labels.values()), 1)
    return family


def _word(value: bool) -> str:
    return "true" if value else "false"
