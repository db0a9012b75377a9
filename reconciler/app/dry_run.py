"""Dry run: plans of one commit against the current Terraform states, without applying anything.

Workspaces are created in a temporary folder. An account without a state bucket counts as empty. Services whose platform
was never applied are planned with placeholders and marked provisional; where the platform cannot be read, its services
are not planned.
"""

import asyncio
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from desired_state.instance import Instance, Key
from desired_state.reading.document import Problem
from desired_state.snapshot import Snapshot
from reconciler.app import parts
from reconciler.app.offline import read_snapshot
from reconciler.app.rules import environments as configured
from reconciler.app.rules import policy_rules
from reconciler.config.models import ConfigFailed, Settings
from reconciler.core.environment import Environment
from reconciler.core.inputs.placeholder import placeholder_platform
from reconciler.core.inputs.variables import said_in_git
from reconciler.core.live import LiveService
from reconciler.core.plan import read as plans
from reconciler.core.plan.entries import UnreadablePlan
from reconciler.core.plan.foundation import Foundation, Known, NeverApplied, NotKnown, foundation
from reconciler.core.plan.model import Plan, entries
from reconciler.core.plan.summary import FailedCheck, ResourceSummary
from reconciler.core.policy import removal, serving
from reconciler.core.policy.adoption import refusal
from reconciler.core.policy.rules import Rules, violations
from reconciler.core.ports.aws import Live, LiveUnavailable
from reconciler.core.ports.judge import Judge
from reconciler.core.ports.terraform import Run, Terraform, TerraformFailed
from reconciler.core.redaction.redactor import Redactor
from reconciler.edges.aws.clients import AwsClients, AwsFailed
from reconciler.edges.aws.ecs import EcsLive
from reconciler.edges.source.repository import redacted
from reconciler.edges.store.trees import DirectoryTrees
from reconciler.edges.terraform.warm import WarmRuns
from reconciler.engine.passes.judge import denied
from reconciler.engine.passes.live import run_with


@dataclass(frozen=True, slots=True)
class PlannedInstance:
    """Planned changes of one instance, and the policy rules that deny them.

    `provisional` says what the plan assumes, if it can turn out otherwise, `error` why the instance could not be
    planned, `refused` why its plan would be refused.
    """

    key: Key
    kind: str
    provisional: str | None
    changes: tuple[ResourceSummary, ...] = ()
    denied: tuple[str, ...] = ()
    error: str | None = None
    refused: str | None = None
    checks: tuple[FailedCheck, ...] = ()
    warnings: tuple[str, ...] = ()


async def plan_once(
    settings: Settings, *, repo: str, commit: str | None, keys: Sequence[Key], progress: Callable[[str], None]
) -> tuple[tuple[PlannedInstance, ...], tuple[Problem, ...]]:
    """Plan the named instances of one commit, or all of them. Returns the plans in that order, and the problems.

    `progress` receives one line for each step. Raises: SourceFailed, ConfigFailed.
    """
    progress(f"reading {redacted(repo, repo)}")
    snapshot = await read_snapshot(settings, repo, commit)
    if not settings.environments:
        raise ConfigFailed(["environments: none is configured to plan: add one with account, region and tier"])
    if unknown := [str(key) for key in keys if key not in snapshot.instances]:
        raise ConfigFailed([f"no such instance in this commit: {', '.join(sorted(unknown))}"])
    wanted = list(keys) or list(snapshot.order())
    with tempfile.TemporaryDirectory(prefix="reconciler-plan-") as scratch:
        aws = AwsClients()
        try:
            async with parts.warm_runs(settings, parts.provider_directory(Path(scratch))) as warm:
                run = await DryRun.over(snapshot, settings, aws, warm, Path(scratch), progress)
                return await run.plan(wanted), snapshot.problems
        finally:
            aws.close()


@dataclass(frozen=True, slots=True)
class DryRun:
    """The plans of one snapshot, with what they are made with."""

    snapshot: Snapshot
    environments: Mapping[str, Environment]
    terraform: Mapping[str, Terraform]
    live: Live
    redactor: Redactor
    rules: Rules
    judge: Judge | None
    progress: Callable[[str], None]
    admission: asyncio.Semaphore

    @classmethod
    async def over(
        cls,
        snapshot: Snapshot,
        settings: Settings,
        aws: AwsClients,
        warm: WarmRuns | None,
        scratch: Path,
        progress: Callable[[str], None],
    ) -> "DryRun":
        """Return the dry run of a snapshot in the configured environments. Raises: ConfigFailed."""
        trees = DirectoryTrees(scratch / "trees")
        for tree_id, tree in snapshot.trees.items():
            await trees.put(tree_id, tree)
        redactor = parts.redactor(settings)
        environments = configured(settings)
        used = {key.environment for key in snapshot.instances}
        terraform = {
            name: parts.terraform(
                settings,
                trees,
                work=scratch / "work",
                warm=warm,
                remote_state=await _has_states(aws, settings, environment),
                redact=redactor.text,
            )
            for name, environment in environments.items()
            if name in used
        }
        admission = asyncio.Semaphore(settings.terraform.workers)
        rules, judge = policy_rules(settings), parts.judge(settings, scratch / "work")
        return cls(snapshot, environments, terraform, EcsLive(aws), redactor, rules, judge, progress, admission)

    async def plan(self, keys: Sequence[Key]) -> tuple[PlannedInstance, ...]:
        """Plan the keys, platforms first, because services are planned with the outputs of their platform."""
        instances = [self.snapshot.instances[key] for key in keys]
        needed = {key for instance in instances for key in instance.depends_on}
        platforms = [
            instance
            for instance in self.snapshot.instances.values()
            if instance.kind == "Platform" and (instance.key in needed or instance in instances)
        ]
        first = dict(
            zip([p.key for p in platforms], await asyncio.gather(*map(self._platform, platforms)), strict=True)
        )
        foundations = {key.environment: found for key, (_, found) in first.items()}
        others = [instance for instance in instances if instance.key not in first]
        rest = await asyncio.gather(
            *(
                self._other(item, foundations.get(item.key.environment) or self._without_platform(item))
                for item in others
            )
        )
        found = {key: planned for key, (planned, _) in first.items()} | {planned.key: planned for planned in rest}
        return tuple(found[key] for key in keys)

    def _without_platform(self, instance: Instance) -> Foundation:
        platform = self.snapshot.platforms.get(instance.key.environment)
        return NotKnown(f"the manifest of {platform} is not valid") if platform else NeverApplied()

    async def _platform(self, instance: Instance) -> tuple[PlannedInstance, Foundation]:
        try:
            document, plan, denied = await self._run(instance, platform=None, live=None)
        except (TerraformFailed, UnreadablePlan) as failure:
            failed = PlannedInstance(instance.key, instance.kind, None, error=str(failure))
            return failed, NotKnown(f"{instance.key} cannot be planned: {failure}")
        return self._planned(instance, plan, denied, provisional=None), foundation(document)

    async def _other(self, instance: Instance, on: Foundation) -> PlannedInstance:
        environment = self.environments[instance.key.environment]
        live, provisional, platform = None, None, placeholder_platform(environment)
        try:
            if instance.kind in {"Service", "Job"}:
                match on:
                    case NotKnown(why):
                        return PlannedInstance(instance.key, instance.kind, None, error=f"not planned: {why}")
                    case NeverApplied():
                        provisional = "placeholders for the platform's outputs"
                    case Known(platform, planned):
                        provisional = None if planned else "the platform's outputs as they are before its changes"
                        if instance.kind == "Service":
                            live = await self.live.service(instance, environment, platform["cluster"]["name"])
            _, plan, denied = await self._run(instance, platform=platform, live=live)
        except (TerraformFailed, UnreadablePlan, LiveUnavailable) as failure:
            return PlannedInstance(instance.key, instance.kind, provisional, error=str(failure))
        return self._planned(instance, plan, denied, provisional=provisional)

    async def _run(
        self, instance: Instance, *, platform: Mapping[str, Any] | None, live: LiveService | None
    ) -> tuple[Mapping[str, Any], Plan, tuple[str, ...]]:
        environment = self.environments[instance.key.environment]
        tenants = self.snapshot.tenants
        run = run_with(instance, environment, platform, live, tenants.name_of(instance.path) if tenants else None)
        async with self.admission:
            self.progress(f"planning {instance.key}")
            if instance.former and await self._is_yet_to_move(run):
                run = replace(run, key=Key(instance.key.environment, instance.former))
            async with self.terraform[environment.name].workspace(run) as workspace:
                document = await workspace.plan()
                plan = plans.read(document, self.redactor, in_git=said_in_git(instance))
                denial = await denied(self.judge, plan, document, instance.key, environment, self.redactor)
        rules = map(str, violations(plan, self.rules, str(instance.key)))
        halfway = removal.refusal(plan), serving.refusal(plan)
        return document, plan, (*rules, *(why for why in (*halfway, denial) if why))

    async def _is_yet_to_move(self, run: Run) -> bool:
        """Return True while the state of a renamed instance is still under its former name."""
        async with self.terraform[run.environment.name].workspace(run) as workspace:
            return await workspace.is_empty()

    def _planned(
        self, instance: Instance, plan: Plan, denied: tuple[str, ...], *, provisional: str | None
    ) -> PlannedInstance:
        return PlannedInstance(
            key=instance.key,
            kind=instance.kind,
            provisional=provisional,
            changes=entries(plan),
            refused=plan.partial or refusal(plan),
            denied=denied,
            checks=plan.checks,
            warnings=plan.warnings,
        )


async def _has_states(aws: AwsClients, settings: Settings, environment: Environment) -> bool:
    """Return False in an account that was not bootstrapped. Raises: ConfigFailed when the bucket cannot be read."""
    try:
        await aws.call(environment, "s3", "head_bucket", Bucket=parts.state(settings).bucket_in(environment))
    except AwsFailed as failure:
        if failure.code in {"404", "NoSuchBucket"}:
            return False
        raise ConfigFailed([f"{environment.name}: the state bucket cannot be read: {failure}"]) from failure
    return True
