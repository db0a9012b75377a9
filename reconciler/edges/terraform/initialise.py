"""`terraform init`, run only when it is needed.

It costs seconds of hashing and downloading, so it is skipped while everything it depends on is unchanged: the tree, the
backend, Terraform's version and the CLI configuration. An `init` without providers, made while a warm provider serves
them, is not enough for a run without the warm provider. Afterwards the backend is checked: a root without a backend
block would keep its state in a directory that is thrown away.
"""

import hashlib
import json
import shutil
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.vocabulary import Reason
from reconciler.edges.terraform.commands import Commands
from reconciler.edges.terraform.plugins import CacheBusy, Plugins
from reconciler.edges.terraform.providers.facts import KnownSchemas
from reconciler.edges.terraform.runner import Command, RunContext, Runner, Timeouts
from reconciler.edges.terraform.workspace import WorkspaceLayout


@dataclass(frozen=True, slots=True)
class Toolchain:
    """The parts that all runs of one terraform binary share."""

    version: str
    commands: Commands
    runner: Runner
    plugins: Plugins
    timeouts: Timeouts
    schemas: KnownSchemas = field(default_factory=KnownSchemas)


@dataclass(frozen=True, slots=True)
class WorkspaceContent:
    """The content of a directory that `init` depends on. `backend` None: a local state."""

    tree_id: str
    backend: str | None


async def initialise(
    tools: Toolchain, place: WorkspaceLayout, content: WorkspaceContent, *, context: RunContext, reattached: bool
) -> None:
    """Run `init`, unless the last one still serves. Raises: TerraformFailed (InitFailed, InvalidConfiguration)."""
    installed = _stamp(tools, content, reattached=False)
    without_providers = _stamp(tools, content, reattached=True)
    if _last_stamp(place) in ([installed, without_providers] if reattached else [installed]):
        return
    place.stamp_file.unlink(missing_ok=True)
    place.backend_record.unlink(missing_ok=True)
    lock = place.provider_lock.is_file()
    if lock:
        shutil.copyfile(place.provider_lock, place.root / ".terraform.lock.hcl")
    argv = tools.commands.init(place.backend_file if content.backend is not None else None, provider_lock=lock)
    async with AsyncExitStack() as stack:
        if not reattached:
            await _take_turn(stack, tools)
        await tools.runner.run(Command("init", argv, tools.timeouts.init, Reason.INIT_FAILED), context)
    _check_backend(place, "local" if content.backend is None else "s3")
    place.stamp_file.write_text(json.dumps(without_providers if reattached else installed))


async def _take_turn(stack: AsyncExitStack, tools: Toolchain) -> None:
    try:
        await stack.enter_async_context(tools.plugins.turn(tools.timeouts.init))
    except CacheBusy as error:
        raise TerraformFailed(Reason.INIT_FAILED, str(error)) from error


def _stamp(tools: Toolchain, content: WorkspaceContent, *, reattached: bool) -> dict[str, object]:
    return {
        "tree": content.tree_id,
        "backend": hashlib.sha256((content.backend or "").encode()).hexdigest(),
        "terraform": tools.version,
        "cli": hashlib.sha256(tools.plugins.configuration.read_bytes()).hexdigest(),
        "reattached": reattached,
    }


def _last_stamp(place: WorkspaceLayout) -> object:
    """Return the stamp of the last `init`; None when its result is gone."""
    if not (place.root / ".terraform").is_dir():
        return None
    try:
        return json.loads(place.stamp_file.read_text())
    except (OSError, ValueError):
        return None


def _check_backend(place: WorkspaceLayout, wanted: str) -> None:
    try:
        found = json.loads(place.backend_record.read_text())["backend"]["type"]
    except (OSError, ValueError, KeyError, TypeError):
        found = "none"
    if found != wanted:
        message = f'the root must declare `backend "{wanted}" {{}}`, or its state would be lost (found: {found})'
        raise TerraformFailed(Reason.INVALID_CONFIGURATION, message)
