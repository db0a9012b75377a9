"""The engine's `Observer`: forwards events to metrics, logs and Slack notifications."""

import traceback
from datetime import datetime
from typing import Any

from reconciler.core.record.model import Pass, Record
from reconciler.core.views import shown
from reconciler.core.vocabulary import ConditionType, Health, Reason, Sync
from reconciler.edges.slack.notifications import Notifications
from reconciler.edges.telemetry.logs import log
from reconciler.edges.telemetry.metrics import Metrics


class Observers:
    """Metrics, logs and notifications as one observer; `notifications` is None when Slack is not configured.

    An observer must not stop the engine, and none can: they only touch memory and stdout.
    """

    def __init__(self, metrics: Metrics, notifications: Notifications | None = None) -> None:
        self._metrics = metrics
        self._notifications = notifications

    def record_changed(self, old: Record | None, new: Record | None, *, commit_at: datetime | None) -> None:
        """Count a changed record and notify about it; log it when its reason, sync, health or existence changed."""
        self._metrics.record_changed(old, new, commit_at=commit_at)
        if self._notifications:
            self._notifications.record_changed(old, new)
        record = new or old
        if record is None:
            return
        if new is None:
            log("instance_gone", instance=str(record.key))
            return
        _log_recovery(old, new)
        ready = shown.headline(new)
        if ready and (old is None or _status(old) != _status(new)):
            log(
                "instance_moved",
                instance=str(new.key),
                reason=ready.reason.value,
                ready=ready.status,
                sync=shown.sync(new).value,
                health=new.health.value,
                message=ready.message,
            )

    def pass_ended(self, finished: Pass) -> None:
        """Count and log a pass that ended; unchanged passes at level debug."""
        self._metrics.pass_ended(finished)
        if self._notifications:
            self._notifications.pass_ended(finished)
        seconds = (finished.finished - finished.started).total_seconds()
        level = "debug" if finished.result == "unchanged" else "info"
        log(
            "pass",
            level=level,
            instance=str(finished.key),
            trigger=finished.trigger,
            result=finished.result,
            seconds=round(seconds, 3),
        )

    def visit_started(self, seconds: float) -> None:
        """Observe how many seconds a due key waited for a worker."""
        self._metrics.visit_started(seconds)

    def phase(self, name: str, seconds: float) -> None:
        """Observe how many seconds a phase of a pass took."""
        self._metrics.phase(name, seconds)

    def crashed(self, part: str, **fields: Any) -> None:
        """Count and log an unexpected error of a part."""
        self._metrics.crashed(part)
        log(f"{part}_crashed", level="error", traceback=traceback.format_exc(), **fields)

    def log(self, event: str, **fields: Any) -> None:
        """Write a log line."""
        log(event, **fields)


def _status(record: Record) -> tuple[Reason | None, Sync, Health]:
    """Return the parts of an instance's status whose change is logged."""
    ready = shown.headline(record)
    return ready.reason if ready else None, shown.sync(record), record.health


def _log_recovery(old: Record | None, new: Record) -> None:
    """Warn about an apply that may meet resources of an interrupted one: only the Reconciling condition names them."""
    found = new.condition(ConditionType.RECONCILING)
    if (
        found
        and found.reason == Reason.RECOVERING
        and (old is None or old.condition(ConditionType.RECONCILING) != found)
    ):
        log("instance_recovering", level="warning", instance=str(new.key), message=found.message)
