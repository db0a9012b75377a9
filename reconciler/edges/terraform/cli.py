"""The port `Terraform` on the real binary: workspaces that plan, apply and report whether their state is empty.

Every run works in its instance's own directory, under a lock that its children inherit, with environment variables from
an allow-list. The plan file is deleted when the workspace closes, because it holds values in clear text.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from desired_state.files.tree import Tree, tree_id
from desired_state.kinds.adoption import Import
from reconciler.core.code.allowances import NOTHING_FOR_ALL, Allowances, AllowancesByTenant
from reconciler.core.environment import Environment
from reconciler.core.ports.source import SourceFailed
from reconciler.core.ports.store import TreeArchive
from reconciler.core.ports.terraform import Run, TerraformFailed, Workspace
from reconciler.core.redaction import known_secrets
from reconciler.core.session_policy import session_policy
from reconciler.core.vocabulary import Reason
from reconciler.edges.aws.clients import AwsFailed
from reconciler.edges.process import child
from reconciler.edges.process.threads import in_thread
from reconciler.edges.state.settings import StateSettings
from reconciler.edges.store.trees import TreeFailed
from reconciler.edges.terraform import bootstrap, workspace
from reconciler.edges.terraform.code import check
from reconciler.edges.terraform.commands import Commands
from reconciler.edges.terraform.environ import process_environment
from reconciler.edges.terraform.hcl import backend
from reconciler.edges.terraform.initialise import Toolchain, WorkspaceContent
from reconciler.edges.terraform.plugins import Plugins
from reconciler.edges.terraform.runner import Runner, Timeouts
from reconciler.edges.terraform.session import Pin, Session
from reconciler.edges.terraform.sessions import Sessions
from reconciler.edges.terraform.warm import Attach, Attachment
from reconciler.edges.terraform.workspace import WorkspaceLayout, WorkspaceLock

_VERSION_TIMEOUT = timedelta(seconds=30)


def _ignore(*_: object) -> None:
    """Discard a report."""


def _unredacted(text: str, *_: str) -> str:
    return text


class TerraformCli:
    """Implements `core.ports.terraform.Terraform` on a terraform binary.

    `sessions` None: Terraform takes on the role of an environment itself, with the credentials in `environment`.
    `state` None: every state is kept in its workspace and thrown away, for plans of an account without a state bucket.
    Raises: ProcessFailed when the binary is not a usable terraform.
    """

    def __init__(
        self,
        binary: str,
        *,
        work: Path,
        trees: TreeArchive,
        state: StateSettings | None,
        plugins: Plugins,
        environment: Mapping[str, str],
        drain: timedelta,
        grace: timedelta,
        timeouts: Timeouts | None = None,
        warm: Attach | None = None,
        on_phase: Callable[[str, float], None] = _ignore,
        on_run: Callable[[str, str], None] = _ignore,
        warn: Callable[[str], None] = _ignore,
        redact: Callable[..., str] = _unredacted,
        allowances: AllowancesByTenant = NOTHING_FOR_ALL,
        sessions: Sessions | None = None,
    ) -> None:
        limits = timeouts or Timeouts()
        commands = Commands(binary, limits.lock)
        version = _version(commands, process_environment(environment, plugins.configuration))
        self._tools = Toolchain(version, commands, Runner(drain, grace, on_phase, on_run, redact), plugins, limits)
        self._work, self._trees, self._state = work, trees, state
        self._environment, self._warm, self._warn = environment, warm, warn
        self._allowances, self._checked = allowances, set[tuple[str, str, Allowances]]()
        self._sessions = sessions

    @property
    def version(self) -> str:
        """Terraform's own version."""
        return self._tools.version

    async def close(self) -> None:
        """End the endpoint that hands out the credentials of sessions."""
        if self._sessions is not None:
            await self._sessions.close()

    @asynccontextmanager
    async def workspace(self, run: Run) -> AsyncIterator[Workspace]:
        """Lock, build and initialise the instance's workspace. Raises: TerraformFailed."""
        place = workspace.layout(self._work, run)
        with workspace.locked(place.home) as lock:
            given = await self._given(run)
            run = _without_role(run) if given else run
            content = await self._content(place, run)
            known = known_secrets.of_inputs(run.variables)
            async with self._session(
                place,
                content,
                lock=lock,
                target=run.environment,
                warm=self._warm,
                secrets=known,
                imports=run.imports,
                pin=lambda commits: self._pin(content.tree_id, run.root, commits),
                allowances=self._allowances.of(run.tenant),
                given=given,
            ) as session:
                yield session

    async def _content(self, place: WorkspaceLayout, run: Run) -> WorkspaceContent:
        """Build the workspace; keep one with a state that was not uploaded, so that the state can be pushed from it."""
        backend = self._backend(run)
        if kept := workspace.tree_of_kept_state(place):
            await self._check(kept, run)
            return WorkspaceContent(kept, backend)
        await self._check(run.tree_id, run)
        tree = None if workspace.has_tree(place, run) else await self._tree(run.tree_id)
        await in_thread(_build, place, run, tree=tree, backend=backend)
        return WorkspaceContent(run.tree_id, backend)

    async def _given(self, run: Run) -> Mapping[str, str] | None:
        """Return the variables of the session of a run; None for one with the daemon's own. Raises: TerraformFailed."""
        try:
            role = run.environment.role_of(run.tenant)
        except ValueError as error:
            raise TerraformFailed(Reason.INVALID_CONFIGURATION, str(error)) from error
        if self._sessions is None or role is None:
            return None
        may_change = "assume_role" in self._allowances.of(run.tenant).provider_settings
        try:
            return await self._sessions.environment(
                replace(run.environment, role=role), session_policy(run.root, may_change_role=may_change)
            )
        except AwsFailed as error:
            raise TerraformFailed(Reason.INIT_FAILED, str(error)) from error

    async def _check(self, tree_id: str, run: Run) -> None:
        """Check the code of a run's root, once for each tree and allowances. Raises: TerraformFailed."""
        allowances = self._allowances.of(run.tenant)
        if (tree_id, run.root, allowances) not in self._checked:
            await in_thread(check.check_root, await self._tree(tree_id), run.root, allowances)
            self._checked.add((tree_id, run.root, allowances))

    async def render(self, run: Run, directory: Path) -> Path:
        """Write the instance as a directory to plan by hand; return its root. Raises: TerraformFailed."""
        tree = await self._tree(run.tree_id)
        return await in_thread(workspace.render, run, tree, backend=self._backend(run), directory=directory)

    async def bootstrap(
        self, environment: Environment, directory: Path, *, tree: Tree, existing: Sequence[Import] = ()
    ) -> Mapping[str, Any]:
        """Create or update the account's state bucket and lock table; return the outputs.

        `tree` is the Terraform tree with `bootstrap/`; its state stays in `directory`, which must last. What of
        `existing` is not in that state is adopted. Raises: TerraformFailed.
        """
        own, values = bootstrap.own_tree(tree), bootstrap.variables(self._state, environment)
        place = bootstrap.layout(directory, environment)
        with workspace.locked(place.home) as lock:
            workspace.check_state_kept(place.home)
            await in_thread(bootstrap.write, place, own, values)
            content = WorkspaceContent(tree_id(own), None)
            async with self._session(
                place, content, lock=lock, target=environment, warm=None, imports=existing
            ) as session:
                plan = await session.plan()
                return await session.apply() if plan.get("applyable", True) else await session.outputs()

    @asynccontextmanager
    async def _session(
        self,
        place: WorkspaceLayout,
        content: WorkspaceContent,
        *,
        lock: WorkspaceLock,
        target: Environment,
        warm: Attach | None,
        secrets: frozenset[str] = frozenset(),
        imports: Sequence[Import] = (),
        pin: Pin | None = None,
        allowances: Allowances | None = None,
        given: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Session]:
        environment = process_environment(self._environment, self._tools.plugins.configuration, target, given)
        async with Attachment(warm, place.root, environment, warn=self._warn) as attachment:
            session = Session(
                self._tools, place, content, lock=lock, attachment=attachment, secrets=secrets, imports=imports, pin=pin
            )
            try:
                await session.initialise()
                if allowances is not None:
                    await in_thread(check.check_installed, place.root, allowances)
                yield session
            finally:
                place.plan_file.unlink(missing_ok=True)

    async def _tree(self, wanted: str) -> Tree:
        try:
            return await self._trees.get(wanted)
        except KeyError:
            raise TerraformFailed(Reason.INIT_FAILED, f"the Terraform tree {wanted} is no longer kept") from None
        except TreeFailed as error:
            raise TerraformFailed(Reason.INIT_FAILED, str(error)) from error

    async def _pin(self, tree_id: str, root: str, commits: Mapping[str, str]) -> Mapping[str, str]:
        try:
            return await self._trees.pin(tree_id, root, commits)
        except SourceFailed as error:
            raise TerraformFailed(Reason.PLAN_FAILED, str(error)) from error

    def _backend(self, run: Run) -> str | None:
        if self._state is None:
            return None
        try:
            return backend(self._state, run.key, run.environment)
        except ValueError as error:
            raise TerraformFailed(Reason.INVALID_CONFIGURATION, f"state backend: {error}") from error


def _without_role(run: Run) -> Run:
    """Return the run for a process that has the role's session already: nothing in it takes the role on again."""
    aws = run.variables.get("aws")
    given = {"aws": {**aws, "role_arn": None}} if isinstance(aws, Mapping) else {}
    return replace(run, environment=replace(run.environment, role=None), variables={**run.variables, **given})


def _build(place: WorkspaceLayout, run: Run, *, tree: Tree | None, backend: str | None) -> None:
    if tree is not None:
        workspace.rebuild(place, run, tree)
    workspace.write_inputs(place.root, run.variables, backend)


def _version(commands: Commands, environment: Mapping[str, str]) -> str:
    answer = child.read_output(commands.version(), environment=environment, timeout=_VERSION_TIMEOUT)
    try:
        return str(json.loads(answer)["terraform_version"])
    except (ValueError, KeyError, TypeError):
        raise child.ProcessFailed(
            f"{commands.binary} does not report its version: check that it is terraform"
        ) from None
