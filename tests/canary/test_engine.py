"""The whole daemon with secrets in every input: no output holds one, and without redaction some output would."""

import json
from pathlib import Path

import pytest

from reconciler.core.redaction.redactor import Redactor
from tests.canary.canaries import KEY, Blind, canaries_for
from tests.canary.daemon import MANIFEST, CanaryDaemon, revision
from tests.canary.inputs import INPUTS, Input, until_planned
from tests.canary.terraform import Outside


async def seen(given: Input, redactor: Redactor, folder: Path) -> dict[str, list[str]]:
    """Return the outputs and the files of the store that hold each canary, by its shape."""
    canaries = canaries_for(given.name)
    daemon = CanaryDaemon(folder, redactor, given.outside(canaries))
    async with daemon.running():
        await given.live(daemon, canaries)
        outputs = await daemon.outputs()
    assert len(outputs) > 20
    return {canary.shape: canary.seen_in(outputs | daemon.stored()) for canary in canaries}


@pytest.mark.parametrize("given", INPUTS, ids=lambda given: given.name)
async def test_no_output_holds_a_secret_from(given: Input, tmp_path: Path) -> None:
    found = await seen(given, Redactor(KEY), tmp_path)
    assert not any(found.values()), {shape: places for shape, places in found.items() if places}


async def test_plain_values_of_a_manifest_appear_only_in_its_record(tmp_path: Path) -> None:
    """Keep the values, which a destroy needs when the manifest is gone from Git, and show them nowhere."""
    canaries = canaries_for("inputs")
    inputs = json.dumps({"text": {canary.shape: canary.value for canary in canaries}})
    manifest = MANIFEST.replace("{text: one}", inputs)
    daemon = CanaryDaemon(tmp_path, Redactor(KEY), Outside(lambda: revision(manifest)))
    async with daemon.running():
        await until_planned(daemon, canaries)
        outputs = await daemon.outputs()
    for canary in canaries:
        assert canary.seen_in(daemon.stored()), "the record keeps it"
        assert not canary.seen_in(outputs)


@pytest.mark.parametrize("given", INPUTS, ids=lambda given: given.name)
async def test_without_redaction_some_output_holds_a_secret_from(given: Input, tmp_path: Path) -> None:
    found = await seen(given, Blind(), tmp_path)
    missing = [shape for shape, places in found.items() if not places]
    assert not missing, f"no output holds: {missing}"
