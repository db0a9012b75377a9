"""The variables that a warm provider adds to a run, and runs without it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from tests.edges.conftest import ROOT, Stage


async def test_a_warm_provider_adds_to_the_environment_of_every_command(stage: Stage) -> None:
    offered: list[Path] = []

    @asynccontextmanager
    async def warm(root: Path, environment: Mapping[str, str]) -> AsyncIterator[Mapping[str, str]]:
        offered.append(root)
        assert environment["AWS_REGION"] == "eu-central-1"
        yield {"TF_REATTACH_PROVIDERS": "{}"}
        offered.clear()

    spying = ROOT.replace("touch '${path.root}/applying'", "env > ${path.root}/environment")
    async with stage.terraform(warm=warm).workspace(await stage.run(spying, text="v1")) as workspace:
        assert offered == [stage.root()]
        await workspace.plan()
        await workspace.apply()
    assert "TF_REATTACH_PROVIDERS={}" in (stage.root() / "environment").read_text()
    assert not offered
    assert stage.warnings == []


async def test_a_warm_provider_that_does_not_attach_is_one_warning(stage: Stage) -> None:
    def broken(root: Path, environment: Mapping[str, str]) -> AbstractAsyncContextManager[Mapping[str, str]]:
        raise ConnectionRefusedError("no socket")

    async with stage.terraform(warm=broken).workspace(await stage.run(text="v1")) as workspace:
        await workspace.plan()
        assert await workspace.apply() == {"text": "v1"}
    assert stage.warnings == ["the warm provider did not attach, so the run continues without it: no socket"]


async def test_an_init_without_providers_does_not_serve_a_run_without_the_warm_provider(stage: Stage) -> None:
    @asynccontextmanager
    async def warm(root: Path, environment: Mapping[str, str]) -> AsyncIterator[Mapping[str, str]]:
        yield {"TF_REATTACH_PROVIDERS": "{}"}

    run = await stage.run(text="v1")
    for provider, inits in ((warm, 1), (warm, 1), (None, 2), (warm, 2)):
        async with stage.terraform(warm=provider).workspace(run):
            assert stage.ran("init") == inits
