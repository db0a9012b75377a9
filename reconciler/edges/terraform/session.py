"""An open workspace: `plan`, `apply`, `is_empty`, as the engine asks for them.

The plan that is applied is the one that was made here, once. A plan that fails because the warm provider is gone is
made again with an installed one; an apply is not, because half of it may be done: the next pass plans anew.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from desired_state.adoption import Import
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.redaction import known_secrets
from reconciler.core.vocabulary import Reason
from reconciler.edges.process.threads import in_thread
from reconciler.edges.terraform import imports as adoption
from reconciler.edges.terraform import workspace
from reconciler.edges.terraform.diagnostics import RunFailed
from reconciler.edges.terraform.initialise import Toolchain, WorkspaceContent, initialise
from reconciler.edges.terraform.runner import Command, RunContext, messages
from reconciler.edges.terraform.warm import Attachment
from reconciler.edges.terraform.workspace import WorkspaceLayout, WorkspaceLock

_MAY_CHANGE = frozenset({0, 2})
_BROKEN_OR_NOT = frozenset({0, 1})


class Session:
    """The port's `Workspace`."""

    def __init__(
        self,
        tools: Toolchain,
        place: WorkspaceLayout,
        content: WorkspaceContent,
        *,
        held: WorkspaceLock,
        attachment: Attachment,
        secrets: frozenset[str] = frozenset(),
        imports: Sequence[Import] = (),
    ) -> None:
        """`secrets` are known before there is a plan, which adds those that it marks: no error quotes them."""
        self._tools, self._place, self._content = tools, place, content
        self._held, self._attachment, self._secrets = held, attachment, secrets
        self._imports = imports

    async def initialise(self) -> None:
        """Run `init` if it is needed. Raises: TerraformFailed."""
        try:
            await self._initialise()
        except RunFailed as failed:
            if not self._attachment.active:
                raise
            await self._attachment.release(failed.message)
            await self._initialise()

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        """Plan, keep the plan, and return it as `show -json` tells it.

        A state that an earlier apply could not upload is pushed back first, and planned from at the next pass.
        Raises: TerraformFailed.
        """
        if self._place.lost_state.is_file():
            await self._push_back()
        await self._write_imports(() if destroy else self._imports)
        try:
            await self._plan(destroy=destroy)
        except RunFailed as failed:
            if not (self._attachment.active and failed.provider_lost):
                raise
            await self._attachment.release(failed.message)
            await self._initialise()
            await self._plan(destroy=destroy)
        argv = self._tools.commands.show(self._place.plan_file)
        document = await self._answer(Command("show", argv, self._tools.timeouts.answer, Reason.PLAN_FAILED))
        self._secrets |= known_secrets.of_plan(document)
        return document

    async def apply(self) -> Mapping[str, Any]:
        """Apply the plan, to its end, and return the outputs that are no secrets. Raises: TerraformFailed."""
        if not self._place.plan_file.is_file():
            raise TerraformFailed(Reason.STATE_CONFLICT, "there is no plan to apply: plan first")
        argv = self._tools.commands.apply(self._place.plan_file)
        command = Command("apply", argv, self._tools.timeouts.apply, Reason.APPLY_FAILED, drain=True)
        try:
            output = await self._tools.runner.run(command, self._bench)
        except TerraformFailed:
            workspace.check_state_kept(self._place.home)
            raise
        finally:
            self._place.plan_file.unlink(missing_ok=True)
        return _plain_outputs((await in_thread(messages, output)).outputs)

    def has_begun(self) -> bool:
        """True once the apply that runs has begun to change something; see the port."""
        try:
            return b'"type":"apply_start"' in (self._place.home / "apply.out").read_bytes()
        except OSError:
            return False

    async def unlock(self, lock_id: str) -> None:
        """Break the lock. With one of its halves left Terraform fails although it did it: read again to know."""
        argv = self._tools.commands.unlock(lock_id)
        command = Command("unlock", argv, self._tools.timeouts.answer, Reason.STATE_LOCKED, accept=_BROKEN_OR_NOT)
        await self._tools.runner.run(command, self._bench)

    async def outputs(self) -> Mapping[str, Any]:
        """The outputs in the state by name, those that are no secrets. Raises: TerraformFailed."""
        argv = self._tools.commands.output()
        command = Command("output", argv, self._tools.timeouts.answer, Reason.APPLY_FAILED, drain=True)
        return _plain_outputs(await self._answer(command))

    async def is_empty(self) -> bool:
        """True when the state manages nothing. Raises: TerraformFailed."""
        state = await self._pull()
        return not any(resource.get("mode") == "managed" for resource in state.get("resources") or ())

    async def read_state(self) -> str:
        """The state itself, secrets included, which does not stay in a file; see the port. Raises: TerraformFailed."""
        if self._place.lost_state.is_file():
            await self._push_back()
        argv = self._tools.commands.pull()
        output = self._place.home / "pull.out"
        try:
            command = Command("pull", argv, self._tools.timeouts.answer, Reason.STATE_CONFLICT)
            return await in_thread((await self._tools.runner.run(command, self._bench)).read_text)
        finally:
            output.unlink(missing_ok=True)

    async def write_state(self, state: str) -> None:
        """Put it in the state's place; see the port. Raises: TerraformFailed."""
        file = self._place.home / "moving.tfstate"
        try:
            await in_thread(workspace.write_private, file, state)
            argv = self._tools.commands.push(file)
            command = Command("push", argv, self._tools.timeouts.answer, Reason.STATE_CONFLICT, drain=True)
            await self._tools.runner.run(command, self._bench)
        finally:
            file.unlink(missing_ok=True)

    async def _pull(self) -> Mapping[str, Any]:
        argv = self._tools.commands.pull()
        return await self._answer(Command("pull", argv, self._tools.timeouts.answer, Reason.PLAN_FAILED))

    async def _write_imports(self, wanted: Sequence[Import]) -> None:
        left = adoption.missing(wanted, await self._pull()) if wanted else ()
        await in_thread(adoption.write, self._place.root, left)

    @property
    def _bench(self) -> RunContext:
        return RunContext(self._place.home, self._place.root, self._attachment.environment, self._held, self._secrets)

    async def _initialise(self) -> None:
        await initialise(self._tools, self._place, self._content, bench=self._bench, reattached=self._attachment.active)

    async def _plan(self, *, destroy: bool) -> None:
        self._place.plan_file.unlink(missing_ok=True)
        argv = self._tools.commands.plan(self._place.plan_file, destroy=destroy)
        command = Command("plan", argv, self._tools.timeouts.plan, Reason.PLAN_FAILED, accept=_MAY_CHANGE)
        await self._tools.runner.run(command, self._bench)

    async def _push_back(self) -> None:
        """Terraform itself refuses a state of another lineage, or one that is not newer. Raises: TerraformFailed."""
        lost = self._place.lost_state
        command = Command("push", self._tools.commands.push(lost), self._tools.timeouts.answer, Reason.STATE_CONFLICT)
        try:
            await self._tools.runner.run(command, self._bench)
        except RunFailed as failed:
            if failed.lock:
                raise
            message = f"{lost} is kept and could not be pushed back: {failed.message}"
            raise TerraformFailed(Reason.STATE_CONFLICT, message) from failed
        lost.rename(lost.with_name("pushed.tfstate"))
        raise TerraformFailed(Reason.RECOVERING, "the state that could not be uploaded was pushed back; planned again")

    async def _answer(self, command: Command) -> Mapping[str, Any]:
        """The JSON that a command answers; its file, which may hold secrets, does not stay."""
        output = self._place.home / f"{command.name}.out"
        try:
            return await in_thread(_document, await self._tools.runner.run(command, self._bench))
        finally:
            output.unlink(missing_ok=True)


def _plain_outputs(outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        name: output["value"] for name, output in outputs.items() if "value" in output and not output.get("sensitive")
    }


def _document(output: Path) -> Mapping[str, Any]:
    text = output.read_text(encoding="utf-8")
    document = json.loads(text) if text.strip() else {}
    if not isinstance(document, dict):
        raise TerraformFailed(Reason.PLAN_FAILED, f"{output.name} is not what Terraform should say")
    return document
