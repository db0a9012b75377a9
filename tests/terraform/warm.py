"""One warm provider for every Terraform run of a test process: none of them starts a provider of its own.

A plain run starts the AWS provider several times and reads its whole schema, which is most of what a small plan costs.
The warm provider changes nothing else; `tests/provider` proves that. Its event loop runs in a thread, because the
tests that plan here are not asynchronous.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from reconciler.edges.terraform import plugins
from reconciler.edges.terraform.warm import WarmRuns
from reconciler.provider.client import WarmProvider
from tests.patience import PATIENCE
from tests.terraform.runs import LONGEST_RUN, PROJECT, run, surroundings

T = TypeVar("T")
VERSIONS = PROJECT / "terraform/roots/service"


@dataclass(frozen=True, slots=True)
class Warm:
    """A warm provider, the event loop of its client, and where the provider is installed."""

    provider: WarmProvider
    loop: asyncio.AbstractEventLoop
    configuration: Path
    mirrors: tuple[Path, ...]

    @contextmanager
    def attached(self, root: Path, given: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
        """Attach the runs of a `with` block in `root`, which needs a lock file; yield their environment.

        Raises: AssertionError when the warm provider cannot serve.
        """
        environment = surroundings(self.configuration, given)
        stack = AsyncExitStack()
        attaching = WarmRuns(self.provider, self.mirrors)(root, environment)
        extra = _within(self.loop, stack.enter_async_context(attaching))
        try:
            assert extra, f"no warm provider for {root}; its log is in {self.provider.directory}"
            yield {**environment, **extra}
        finally:
            _within(self.loop, stack.aclose())


@contextmanager
def started(shared: Path) -> Iterator[Warm]:
    """Start a warm provider for the length of a `with` block; `shared` belongs to all processes of the session."""
    shared.mkdir(exist_ok=True)
    mirrors = plugins.find_mirrors(os.environ)
    configured = plugins.configure(shared / "cli", mirrors)
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    # A short path: the warm provider makes sockets in it.
    with tempfile.TemporaryDirectory(prefix="warm-", dir="/tmp") as directory:
        if configured.cache is not None:
            _within(loop, _install(Path(directory, "install"), configured))
            mirrors = (configured.cache,)
        provider = _within(loop, WarmProvider.start(Path(directory, "w"), ready_seconds=PATIENCE))
        try:
            yield Warm(provider, loop, configured.configuration, tuple(mirrors))
        finally:
            _within(loop, provider.stop(drain_seconds=0))
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


async def _install(root: Path, configured: plugins.Plugins) -> None:
    """Without a mirror the provider comes from Terraform's own download, once, into the cache."""
    shutil.copytree(VERSIONS, root, ignore=shutil.ignore_patterns("*.tf", ".terraform"))
    shutil.copy(VERSIONS / "versions.tf", root)
    async with configured.turn(timedelta(seconds=LONGEST_RUN)):
        environment = surroundings(configured.configuration, {})
        await asyncio.to_thread(run, root, environment, "init", "-input=false", "-no-color")


def _within(loop: asyncio.AbstractEventLoop, call: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the loop of the thread and wait for it."""
    return asyncio.run_coroutine_threadsafe(call, loop).result()
