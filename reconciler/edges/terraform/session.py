"""An open workspace: `plan`, `apply` and `is_empty`, as the engine calls them.

Only the plan that was made here is applied, and only once. A plan that fails because the warm provider is gone is made
again with an installed provider; an apply is not, because half of it may be done: the next pass plans anew.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from desired_state.kinds.adoption import Import
from reconciler.core.plan.state_file import State, StateVersion
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.redaction import known_secrets
from reconciler.core.vocabulary import Reason
from reconciler.edges.process.threads import in_thread
from reconciler.edges.state.plan_file import stored_state
from reconciler.edges.terraform import imports as adoption
from reconciler.edges.terraform import workspace
from reconciler.edges.terraform.code import remote_modules
from reconciler.edges.terraform.diagnostics import RunFailed
from reconciler.edges.terraform.initialise import Toolchain, WorkspaceContent, initialise
from reconciler.edges.terraform.providers import facts
from reconciler.edges.terraform.runner import Command, RunContext, messages
from reconciler.edges.terraform.warm import Attachment
from reconciler.edges.terraform.workspace import WorkspaceLayout, WorkspaceLock

_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")  # Terraform writes whole characters, as they are
_T = TypeVar("_T")
_MAY_CHANGE = frozenset({0, 2})
_BROKEN_OR_NOT = frozenset({0, 1})


Pin = Callable[[Mapping[str, str]], Awaitable[Mapping[str, str]]]


async def _as_found(commits: Mapping[str, str]) -> Mapping[str, str]:
    return commits


class Session:
    """Implements `core.ports.terraform.Workspace`."""

    def __init__(
        self,
        tools: Toolchain,
        place: WorkspaceLayout,
        content: WorkspaceContent,
        *,
        lock: WorkspaceLock,
        attachment: Attachment,
        secrets: frozenset[str] = frozenset(),
        imports: Sequence[Import] = (),
        pin: Pin | None = None,
    ) -> None:
        """Open the workspace. No error quotes `secrets`, known before the plan, or values that the plan marks.

        `pin` keeps the commits of remote modules, unless some are kept for the tree, and returns those that are.
        """
        self._tools, self._place, self._content = tools, place, content
        self._lock, self._attachment, self._secrets = lock, attachment, secrets
        self._imports, self._pin = imports, pin or _as_found

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
        """Plan, keep the plan file, and return the document of `terraform show -json`, with the warnings of the plan.

        A state that an earlier apply could not upload is pushed first, and the next pass plans from it.
        Raises: TerraformFailed.
        """
        if self._place.lost_state.is_file():
            await self._push_lost_state()
        await self._write_imports(() if destroy else self._imports)
        self._place.plan_file.unlink(missing_ok=True)
        argv = self._tools.commands.plan(self._place.plan_file, variables=workspace.VARIABLES_FILE, destroy=destroy)
        command = Command("plan", argv, self._tools.timeouts.plan, Reason.PLAN_FAILED, accept=_MAY_CHANGE)
        output = await self._outliving_the_warm_provider(lambda: self._tools.runner.run(command, self._context))
        warnings = [warning.text for warning in (await in_thread(messages, output)).warnings]
        document = await self._shown(self._place.plan_file)
        if not destroy and (found := await self._fault_of_modules(document)):
            self._place.plan_file.unlink(missing_ok=True)
            raise TerraformFailed(Reason.INVALID_CONFIGURATION, found)
        added = {"warnings": warnings} if warnings else {}
        return {**document, **added, **await self._provider_facts(document)}

    async def plan_of_state(self) -> Mapping[str, Any]:
        """Plan against the stored state; see the port. Raises: TerraformFailed."""
        file = self._place.stored_plan_file
        argv = self._tools.commands.plan(file, variables=workspace.VARIABLES_FILE, destroy=False, of_state=True)
        command = Command("plan-of-state", argv, self._tools.timeouts.plan, Reason.PLAN_FAILED, accept=_MAY_CHANGE)
        try:
            await self._outliving_the_warm_provider(lambda: self._tools.runner.run(command, self._context))
            return await self._shown(file)
        finally:
            file.unlink(missing_ok=True)

    async def _fault_of_modules(self, document: Mapping[str, Any]) -> str | None:
        """Return why a remote module may not be applied; None when all may. Raises: TerraformFailed."""
        if found := await in_thread(remote_modules.unpinned, self._place.root, document):
            return found
        now = await in_thread(remote_modules.commits, self._place.root)
        return remote_modules.differing(await self._pin(now), now) if now else None

    async def planned_state(self) -> StateVersion:
        """Return the version of the state that the plan was made from; see the port. Raises: TerraformFailed."""
        found = await in_thread(stored_state, self._place.plan_file)
        return found or State(await self.read_state()).version

    async def apply(self) -> Mapping[str, Any]:
        """Apply the plan to its end and return the non-sensitive outputs. Raises: TerraformFailed."""
        if not self._place.plan_file.is_file():
            raise TerraformFailed(Reason.STATE_CONFLICT, "there is no plan to apply: plan first")
        argv = self._tools.commands.apply(self._place.plan_file)
        command = Command("apply", argv, self._tools.timeouts.apply, Reason.APPLY_FAILED, drain=True)
        try:
            output = await self._tools.runner.run(command, self._context)
        except TerraformFailed:
            workspace.check_state_kept(self._place.home)
            raise
        finally:
            self._place.plan_file.unlink(missing_ok=True)
        return _plain_outputs((await in_thread(messages, output)).outputs)

    def has_begun(self) -> bool:
        """Return True once the running apply has begun to change something; see the port."""
        try:
            return b'"type":"apply_start"' in (self._place.home / "apply.out").read_bytes()
        except OSError:
            return False

    async def unlock(self, lock_id: str) -> None:
        """Break the lock. With only half of it left, Terraform fails although it broke it: read the lock to know."""
        argv = self._tools.commands.unlock(lock_id)
        command = Command("unlock", argv, self._tools.timeouts.answer, Reason.STATE_LOCKED, accept=_BROKEN_OR_NOT)
        await self._tools.runner.run(command, self._context)

    async def outputs(self) -> Mapping[str, Any]:
        """Return the non-sensitive outputs of the state by name. Raises: TerraformFailed."""
        argv = self._tools.commands.output()
        command = Command("output", argv, self._tools.timeouts.answer, Reason.APPLY_FAILED, drain=True)
        return _plain_outputs(await self._answer(command))

    async def is_empty(self) -> bool:
        """Return True when the state manages no resource. Raises: TerraformFailed."""
        state = await self._pull()
        return not any(resource.get("mode") == "managed" for resource in state.get("resources") or ())

    async def read_state(self) -> str:
        """Return the state, secrets included, and leave no file of it; see the port. Raises: TerraformFailed."""
        if self._place.lost_state.is_file():
            await self._push_lost_state()
        argv = self._tools.commands.pull()
        output = self._place.home / "pull.out"
        try:
            command = Command("pull", argv, self._tools.timeouts.answer, Reason.STATE_CONFLICT)
            return await in_thread((await self._tools.runner.run(command, self._context)).read_text)
        finally:
            output.unlink(missing_ok=True)

    async def write_state(self, state: str) -> None:
        """Replace the state; see the port. Raises: TerraformFailed."""
        file = self._place.home / "moving.tfstate"
        try:
            await in_thread(workspace.write_private, file, state)
            argv = self._tools.commands.push(file)
            command = Command("push", argv, self._tools.timeouts.answer, Reason.STATE_CONFLICT, drain=True)
            await self._tools.runner.run(command, self._context)
        finally:
            file.unlink(missing_ok=True)

    async def _pull(self) -> Mapping[str, Any]:
        argv = self._tools.commands.pull()
        return await self._answer(Command("pull", argv, self._tools.timeouts.answer, Reason.PLAN_FAILED))

    async def _write_imports(self, wanted: Sequence[Import]) -> None:
        left = adoption.missing(wanted, await self._pull()) if wanted else ()
        await in_thread(adoption.write, self._place.root, left)

    @property
    def _context(self) -> RunContext:
        return RunContext(self._place.home, self._place.root, self._attachment.environment, self._lock, self._secrets)

    async def _initialise(self) -> None:
        await initialise(
            self._tools, self._place, self._content, context=self._context, reattached=self._attachment.active
        )

    async def _outliving_the_warm_provider(self, run: Callable[[], Awaitable[_T]]) -> _T:
        """Run; when the warm provider is gone, run again with an installed one. Raises: TerraformFailed."""
        try:
            return await run()
        except RunFailed as failed:
            if not (self._attachment.active and failed.provider_lost):
                raise
            await self._attachment.release(failed.message)
            await self._initialise()
            return await run()

    async def _shown(self, plan: Path) -> Mapping[str, Any]:
        argv = self._tools.commands.show(plan)
        document = await self._answer(Command("show", argv, self._tools.timeouts.answer, Reason.PLAN_FAILED))
        self._secrets |= known_secrets.of_plan(document)
        return document

    async def _provider_facts(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the keys that the port adds to a plan document."""
        lock = await in_thread(facts.read_locked, self._place.root)
        known: Mapping[str, Any] = {"provider_versions": facts.versions(lock)}
        if not (types := facts.changed_types(document)):
            return known
        command = Command("schemas", self._tools.commands.schemas(), self._tools.timeouts.answer, Reason.PLAN_FAILED)
        schemas = await self._tools.schemas.of(
            lock, types, lambda: self._outliving_the_warm_provider(lambda: self._answer(command))
        )
        return {**known, **schemas}

    async def _push_lost_state(self) -> None:
        """Push the state that could not be uploaded; Terraform refuses one of another lineage, or an older one.

        Raises: TerraformFailed also after success (Recovering), so that the next pass plans from the pushed state.
        """
        lost = self._place.lost_state
        command = Command("push", self._tools.commands.push(lost), self._tools.timeouts.answer, Reason.STATE_CONFLICT)
        try:
            await self._tools.runner.run(command, self._context)
        except RunFailed as failed:
            if failed.lock:
                raise
            message = f"the state kept in {lost} could not be pushed: {failed.message}"
            raise TerraformFailed(Reason.STATE_CONFLICT, message) from failed
        lost.rename(lost.with_name("pushed.tfstate"))
        message = "a state that an apply could not upload was pushed; the next pass plans from it"
        raise TerraformFailed(Reason.RECOVERING, message)

    async def _answer(self, command: Command) -> Mapping[str, Any]:
        """Return the JSON answer of a command; its file, which may hold secrets, is deleted."""
        output = self._place.home / f"{command.name}.out"
        try:
            return await in_thread(read_document, await self._tools.runner.run(command, self._context))
        finally:
            output.unlink(missing_ok=True)


def _plain_outputs(outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        name: output["value"] for name, output in outputs.items() if "value" in output and not output.get("sensitive")
    }


def read_document(output: Path) -> Mapping[str, Any]:
    """Return the JSON object that a command wrote; an empty one for no output.

    Raises: TerraformFailed for anything that Terraform does not write: half an object, numbers that JSON does not have,
    halves of characters. Such a value could be stored in a record, and not be read again.
    """
    try:
        text = output.read_text(encoding="utf-8")
        document = json.loads(text, parse_constant=_refuse) if text.strip() else {}
        if isinstance(document, dict) and not _HALF_CHARACTER.search(text):
            return document
    except (ValueError, RecursionError):
        pass
    raise TerraformFailed(Reason.PLAN_FAILED, f"{output.name} is not the JSON object that Terraform writes")


def _refuse(constant: str) -> float:
    raise ValueError(constant)
