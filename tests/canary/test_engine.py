"""The whole engine with secrets in every way in: no output of it holds one, and without redaction some would."""

from pathlib import Path

import pytest

from reconciler.core.redact import Redactor
from tests.canary.canaries import KEY, Blind, hatch
from tests.canary.stage import Stage
from tests.canary.ways_in import WAYS_IN, WayIn


async def seen(way: WayIn, redactor: Redactor, folder: Path) -> tuple[dict[str, list[str]], dict[str, bytes]]:
    """In which outputs each canary is seen, by its shape; and what is on the disk."""
    canaries = hatch(way.name)
    stage = Stage(folder, redactor, way.surroundings(canaries))
    async with stage.running():
        await way.live(stage, canaries)
        outputs = await stage.outputs()
    assert len(outputs) > 20
    return {canary.shape: canary.seen_in(outputs | stage.stored()) for canary in canaries}, outputs


@pytest.mark.parametrize("way", WAYS_IN, ids=lambda way: way.name)
async def test_no_output_holds_a_secret_that_comes_in_as(way: WayIn, tmp_path: Path) -> None:
    found, _ = await seen(way, Redactor(KEY), tmp_path)
    assert not any(found.values()), {shape: places for shape, places in found.items() if places}


@pytest.mark.parametrize("way", WAYS_IN, ids=lambda way: way.name)
async def test_without_redaction_some_output_would_hold_a_secret_that_comes_in_as(way: WayIn, tmp_path: Path) -> None:
    found, _ = await seen(way, Blind(), tmp_path)
    missing = [shape for shape, places in found.items() if not places]
    assert not missing, f"planted where nothing comes out: {missing}"
