"""The whole engine with secrets in every way in: no output of it holds one, and without redaction some would."""

import json
from pathlib import Path

import pytest

from reconciler.core.redaction.redactor import Redactor
from tests.canary.canaries import KEY, Blind, hatch
from tests.canary.stage import MANIFEST, Stage, revision
from tests.canary.terraform import Surroundings
from tests.canary.ways_in import WAYS_IN, WayIn, until_planned


async def seen(way: WayIn, redactor: Redactor, folder: Path) -> dict[str, list[str]]:
    """In which outputs, and in which files of the store, each canary is seen; by its shape."""
    canaries = hatch(way.name)
    stage = Stage(folder, redactor, way.surroundings(canaries))
    async with stage.running():
        await way.live(stage, canaries)
        outputs = await stage.outputs()
    assert len(outputs) > 20
    return {canary.shape: canary.seen_in(outputs | stage.stored()) for canary in canaries}


@pytest.mark.parametrize("way", WAYS_IN, ids=lambda way: way.name)
async def test_no_output_holds_a_secret_that_comes_in_as(way: WayIn, tmp_path: Path) -> None:
    found = await seen(way, Redactor(KEY), tmp_path)
    assert not any(found.values()), {shape: places for shape, places in found.items() if places}


async def test_what_a_manifest_says_in_clear_stays_in_its_record_alone(tmp_path: Path) -> None:
    """A destroy needs it when Git no longer knows it, so it has to be kept; nothing shows it."""
    canaries = hatch("inputs")
    inputs = json.dumps({canary.shape: canary.value for canary in canaries})
    manifest = MANIFEST.replace("{text: one}", inputs)
    stage = Stage(tmp_path, Redactor(KEY), Surroundings(fetched=lambda: revision(manifest)))
    async with stage.running():
        await until_planned(stage, canaries)
        outputs = await stage.outputs()
    for canary in canaries:
        assert canary.seen_in(stage.stored()), "the record has to keep it"
        assert not canary.seen_in(outputs)


@pytest.mark.parametrize("way", WAYS_IN, ids=lambda way: way.name)
async def test_without_redaction_some_output_would_hold_a_secret_that_comes_in_as(way: WayIn, tmp_path: Path) -> None:
    found = await seen(way, Blind(), tmp_path)
    missing = [shape for shape, places in found.items() if not places]
    assert not missing, f"planted where nothing comes out: {missing}"
