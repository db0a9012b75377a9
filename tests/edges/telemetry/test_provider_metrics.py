"""The metrics of a real warm provider, fixed here and in `docs/metrics.md`."""

import re
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reconciler.edges.telemetry.provider_metrics import ProviderView, ProviderWatch, families
from reconciler.provider.client import WarmProvider
from tests.patience import PATIENCE

DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"
ALWAYS = {"reconciler_provider_up": "gauge", "reconciler_provider_restarts": "counter"}
WHILE_IT_ANSWERS = {
    "reconciler_provider_processes": "gauge",
    "reconciler_provider_rss_bytes": "gauge",
    "reconciler_provider_processes_started": "counter",
    "reconciler_provider_processes_ended": "counter",
    "reconciler_provider_calls": "counter",
    "reconciler_provider_answers": "counter",
    "reconciler_provider_phase_seconds": "summary",
}


@pytest.fixture
async def warm() -> AsyncIterator[WarmProvider]:
    with tempfile.TemporaryDirectory(prefix="warm-") as directory:
        provider = await WarmProvider.start(Path(directory), ready_seconds=PATIENCE)
        yield provider
        await provider.stop()


def kinds(view: ProviderView) -> dict[str, str]:
    return {family.name: family.type for family in families(view)}


async def test_the_status_of_a_warm_provider_becomes_metrics(warm: WarmProvider) -> None:
    watch = ProviderWatch(warm.status)
    async with watch.running():
        assert kinds(watch.view) == ALWAYS | WHILE_IT_ANSWERS
        (held,) = (family for family in families(watch.view) if family.name == "reconciler_provider_rss_bytes")
        assert held.samples[0].value > 0


async def test_a_provider_that_does_not_answer_is_down_without_stale_values(tmp_path: Path) -> None:
    watch = ProviderWatch(WarmProvider(tmp_path).status)
    await watch.refresh()
    assert kinds(watch.view) == ALWAYS
    assert next(iter(families(watch.view))).samples[0].value == 0


def test_every_provider_metric_is_documented() -> None:
    rows = re.findall(r"^\| `(reconciler_provider_\w+?)(?:_total)?` \| (\w+) \|", DOCUMENT.read_text(), re.MULTILINE)
    assert dict(rows) == ALWAYS | WHILE_IT_ANSWERS
