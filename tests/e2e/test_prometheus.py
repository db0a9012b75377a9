"""A real Prometheus scrapes the running daemon; an alert fires for a mistake and resolves when that is mended."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.prometheus import Prometheus, scraping
from tests.e2e.daemon import Daemon, module
from tests.monitoring.rules import documented

pytestmark = pytest.mark.aws

WITHIN = 300  # on a machine that is full of other work
NOT_BEFORE_ITS_FIRST_EVENT = {
    "reconciler_instance_floor",
    "reconciler_provider_calls_total",
    "reconciler_provider_processes_ended_total",
    "reconciler_token_last_use_timestamp_seconds",
}


@pytest.fixture
def prometheus(daemon: Daemon, tmp_path: Path) -> Iterator[Prometheus]:
    """Our rules, with alerts that fire as soon as their expression holds."""
    with scraping(f"127.0.0.1:{daemon.port}", tmp_path / "prometheus", pending="0s") as running:
        if running is None:
            pytest.skip("there is no Prometheus here; `python -m deploy.local.tools prometheus --version` says why")
        yield running


@pytest.fixture
def until(daemon: Daemon) -> Callable[[Callable[[], object]], None]:
    return lambda holds: daemon.until(holds, within=WITHIN)


def firing(prometheus: Prometheus) -> set[str]:
    return {alert.name for alert in prometheus.alerts() if alert.state == "firing"}


def test_alerts_fire_for_a_mistake_and_resolve_when_it_is_mended(
    daemon: Daemon, prometheus: Prometheus, until: Callable[[Callable[[], object]], None]
) -> None:
    until(lambda: firing(prometheus) == {"ReconcilerDown"})
    daemon.write({"shop.yaml": module("shop", text="one")})
    daemon.start()
    until(lambda: daemon.text("shop") == "one")
    until(lambda: prometheus.values('reconciler_instance_reason{name="shop", reason="Applied"}') == [1])
    until(lambda: prometheus.values('reconciler_passes_total{result="applied"}') == [1])
    until(lambda: prometheus.values("reconciler_commit_to_applied_seconds_count") == [1])
    until(lambda: firing(prometheus) == set())

    daemon.write({"shop.yaml": module("shop", text="two").replace("root:", "rooot:")})
    until(lambda: firing(prometheus) == {"ReconcilerManifestProblems", "ReconcilerInstanceStalled"})
    (stalled,) = (alert for alert in prometheus.alerts() if alert.name == "ReconcilerInstanceStalled")
    assert stalled.annotations["summary"] == "develop/shop is stalled."
    assert stalled.labels["severity"] == "warning"

    daemon.write({"shop.yaml": module("shop", text="two")})
    until(lambda: daemon.text("shop") == "two")
    until(lambda: firing(prometheus) == set())
    assert prometheus.rule_errors() == []


def test_every_documented_metric_arrives(
    daemon: Daemon, prometheus: Prometheus, until: Callable[[Callable[[], object]], None]
) -> None:
    """Under the name that Prometheus stores it by: histograms in parts, counters with their ending."""
    daemon.write({"shop.yaml": module("shop", text="one")})
    daemon.start()
    until(lambda: prometheus.values('reconciler_instance_reason{name="shop", reason="Applied"}') == [1])
    found = {labels["__name__"] for labels, _ in prometheus.query('{__name__=~"reconciler_.+"}')}
    assert documented() - found <= NOT_BEFORE_ITS_FIRST_EVENT
    assert found <= documented()
