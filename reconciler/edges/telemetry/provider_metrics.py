"""The status of the warm provider as metrics.

The warm provider is a separate process, and a scrape must not wait for it: a task requests its status every few
seconds, and a scrape reads the last answer. While the warm provider does not answer, `provider_up` is 0 and the other
metrics are absent, never stale. The warm provider itself keeps the counters, so they restart at zero with it, which
`rate()` handles.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.metrics_core import Metric

from reconciler.provider.control import Refused, Unreachable

ANSWERS: Final = ("configure", "prepare", "schema")
ANSWER_RESULTS: Final = ("hit", "miss")
PROVIDER_PHASES: Final = ("start", "schema", "prepare", "configure", "call")
_REFRESH_SECONDS = 5.0
_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ProviderView:
    """The last status, None while the warm provider does not answer, and how often its process id has changed."""

    status: Mapping[str, Any] | None = None
    restarts: int = 0


class ProviderWatch:
    """Keeps a view of the warm provider that is a few seconds old at most."""

    def __init__(self, request: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
        self._request = request
        self._pid: object = None
        self.view = ProviderView()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Refresh the view for the length of the block, for the first time before it begins."""
        await self.refresh()
        task = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def refresh(self) -> None:
        """Request the status once; without an answer in time the view has none."""
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                status = await self._request()
        except (Unreachable, Refused, TimeoutError):
            self.view = ProviderView(None, self.view.restarts)
            return
        restarted = self._pid is not None and self._pid != status["pid"]
        self._pid = status["pid"]
        self.view = ProviderView(status, self.view.restarts + restarted)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_REFRESH_SECONDS)
            await self.refresh()


def families(view: ProviderView) -> Iterator[Metric]:
    """Yield the metric families of a view."""
    restarts = CounterMetricFamily("reconciler_provider_restarts", "Restarts of the warm provider.")
    restarts.add_metric([], view.restarts)
    up = GaugeMetricFamily("reconciler_provider_up", "1 while the warm provider answers.")
    up.add_metric([], view.status is not None)
    yield from (up, restarts)
    if view.status is not None:
        yield from _processes(view.status)
        yield from _counted(view.status)
        yield _phases(view.status)


def _processes(status: Mapping[str, Any]) -> Iterator[Metric]:
    processes = status["processes"]
    rss_bytes = status["rss_bytes"] + sum(process["rss_bytes"] for process in processes)
    ended = CounterMetricFamily(
        "reconciler_provider_processes_ended", "AWS provider processes that ended, by reason.", labels=["reason"]
    )
    for reason, count in status["processes_ended_total"].items():
        ended.add_metric([reason.replace(" ", "_")], count)
    yield GaugeMetricFamily("reconciler_provider_processes", "Running AWS provider processes.", value=len(processes))
    yield GaugeMetricFamily(
        "reconciler_provider_rss_bytes", "Memory of the warm provider and its processes.", value=rss_bytes
    )
    yield CounterMetricFamily(
        "reconciler_provider_processes_started",
        "AWS provider processes started.",
        value=status["processes_started_total"],
    )
    yield ended


def _counted(status: Mapping[str, Any]) -> Iterator[Metric]:
    calls = CounterMetricFamily(
        "reconciler_provider_calls", "Terraform's calls to the provider.", labels=["method", "outcome"]
    )
    for item in status["calls_total"]:
        calls.add_metric([item["method"], item["outcome"]], item["count"])
    answers = CounterMetricFamily(
        "reconciler_provider_answers",
        "Requests that a cache may answer, by whether it did.",
        labels=["answer", "result"],
    )
    found = {(item["answer"], item["result"]): item["count"] for item in status["answers_total"]}
    for pair in sorted({*found, *((answer, result) for answer in ANSWERS for result in ANSWER_RESULTS)}):
        answers.add_metric(pair, found.get(pair, 0))
    yield from (calls, answers)


def _phases(status: Mapping[str, Any]) -> Metric:
    phases = SummaryMetricFamily(
        "reconciler_provider_phase_seconds", "Time spent in provider processes, by phase.", labels=["phase"]
    )
    spent = status["phase_seconds"]
    for phase in sorted({*PROVIDER_PHASES, *spent}):
        one = spent.get(phase, {"count": 0, "sum": 0.0})
        phases.add_metric([phase], count_value=one["count"], sum_value=one["sum"])
    return phases
