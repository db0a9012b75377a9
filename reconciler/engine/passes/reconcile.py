"""One pass over one instance: bring it one step closer to what Git says. Read this file first.

A pass reads everything anew (record, live service, plan) and acts on what it finds; it does not know why it was
started. Expected failures end it early with a reason in the record; the controller decides when to come back.
"""

from collections.abc import Mapping
from typing import Any

from desired_state.instance import Instance, Key
from desired_state.kinds.job import JobSpec
from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.decide import tenancy
from reconciler.core.decide.gate import Hold, gate
from reconciler.core.decide.verdict import (
    Apply,
    AwaitApproval,
    ConfirmDrift,
    NothingToDo,
    Refresh,
    Report,
    Verdict,
    confirm_first,
    plan_waits,
    response,
    skips_confirmation,
    verdict,
    waiting,
)
from reconciler.core.environment import Environment
from reconciler.core.inputs.variables import desired_digest, said_in_git
from reconciler.core.live import LiveService
from reconciler.core.plan import read as plans
from reconciler.core.plan.entries import UnreadablePlan
from reconciler.core.plan.model import Plan
from reconciler.core.ports.aws import LiveUnavailable, PreparationFailed
from reconciler.core.ports.terraform import Run, TerraformFailed, Workspace
from reconciler.core.record.freeze import Frozen
from reconciler.core.record.model import Base, Record
from reconciler.core.record.state import StateSeen
from reconciler.core.schedule.next_visit import is_fresh
from reconciler.core.status.events import (
    Applied,
    Applying,
    Desired,
    Failed,
    FoundInSync,
    PassHeld,
    Planned,
    RolloutObserved,
    StateMissed,
    Waiting,
)
from reconciler.core.vocabulary import Reason
from reconciler.engine.passes import locks, renames, states
from reconciler.engine.passes.apply import ApplyFailed, terraform_apply
from reconciler.engine.passes.attribution import attribute
from reconciler.engine.passes.classification import classified
from reconciler.engine.passes.deployment import obstacle, prepare, watch_runs
from reconciler.engine.passes.intent import intent
from reconciler.engine.passes.judge import denied
from reconciler.engine.passes.live import observe, pipeline_is_deploying, pipeline_owns_image, run_of, run_of_base
from reconciler.engine.passes.promotion import promote
from reconciler.engine.passes.refresh import refresh
from reconciler.engine.passes.routes import route
from reconciler.engine.world import World

_MOVED_TOO_OFTEN = 3


class _ServiceMoved(Exception):
    """The running service changed since the plan, so the plan is outdated."""


async def reconcile(key: Key, world: World) -> None:
    """Reconcile one instance. The result is in its record; only unexpected errors are raised."""
    environment = world.environments.get(key.environment)
    if environment is None:
        await world.records.advance(
            key, PassHeld(Reason.INVALID_CONFIGURATION, f"{key.environment} is not configured here")
        )
        return
    if denied := tenancy.denial(world.records[key], world.tenants):
        await world.records.advance(key, PassHeld(Reason.TENANT_DENIED, denied))
        return
    if await renames.waits_for_rename(key, world):
        return
    try:
        await _proceed(key, environment, world)
    except ApplyFailed as ended:
        await world.records.advance(key, Failed(ended.failure.reason, ended.failure.message, of_apply=True))
    except states.StateIsLost as missed:
        lost = missed.lost
        await world.records.advance(key, StateMissed(lost.known, lost.found, lost.message))
    except (TerraformFailed, PreparationFailed) as failure:
        await world.records.advance(key, Failed(failure.reason, failure.message))
    except Frozen as meanwhile:
        await world.records.advance(key, Waiting(Reason.FROZEN, str(meanwhile)))
    except LiveUnavailable as failure:
        await world.records.advance(key, Failed(Reason.PLAN_FAILED, str(failure)))


async def _proceed(key: Key, environment: Environment, world: World) -> None:
    record = world.records[key]
    match gate(record, world.records, environment):
        case Hold(reason, message):
            await world.records.advance(key, PassHeld(reason, message))
            return
    match await renames.take_over(key, environment, world):
        case "waits":
            return
        case "moved":
            await reconcile(key, world)
            return
    states.check_place(key, environment, world)
    if record.removed:
        await _prune(key, environment, world)
    else:
        await _converge(key, environment, world)


async def _converge(key: Key, environment: Environment, world: World) -> None:
    for _ in range(_MOVED_TOO_OFTEN):
        record = world.records[key]
        live = await observe(record.instance, environment, world)
        if live and pipeline_is_deploying(record.instance, live):
            await world.records.advance(key, RolloutObserved(live, world.limits.rollout_timeout, environment.floor))
            return
        instance, commit = await route(await promote(key, world), world), record.accepted_commit
        run = run_of(instance, environment, live, world)
        digest = desired_digest(instance.source_digest, run.variables, terraform_version=world.terraform.version)
        record = await world.records.advance(key, Desired(digest, instance.source_digest, commit))
        try:
            if not is_fresh(record, digest, now=world.now(), live=live, floor=environment.floor):
                await _plan_and_act(record, run, live, world)
            if live:
                await _watch(key, environment, live, world)
            await watch_runs(key, environment, world)
        except _ServiceMoved:
            continue
        return
    changing = "the running service keeps changing; planned again later"
    await world.records.advance(key, PassHeld(Reason.PROGRESSING, changing))


async def _plan_and_act(record: Record, run: Run, live: LiveService | None, world: World) -> None:
    key, image = record.key, live.newest if live else None
    async with renames.workspace(run, world) as workspace:
        document = await locks.plan(record, workspace, run.environment, world, destroy=False)
        seen = await states.check(key, workspace, run.environment, world)
        plan, decided = await _plan(
            record,
            document,
            workspace,
            run.environment,
            image,
            world,
            seen,
            skips_confirmation=skips_confirmation(record, live),
        )
        match decided:
            case NothingToDo():
                await world.records.advance(key, FoundInSync(_base(run), plan.values))
            case Refresh():
                await refresh(plan, seen, run, workspace, world)
            case Apply():
                if isinstance(record.instance.spec, ServiceSpec | JobSpec):
                    await prepare(document, record.instance.spec, run.environment, world)
                await _apply(record.instance, plan, seen, run, live, workspace, world)
            case AwaitApproval() | Report():
                await world.records.advance(key, waiting(decided))
            case ConfirmDrift():
                pass


async def _plan(
    record: Record,
    document: Mapping[str, Any],
    workspace: Workspace,
    environment: Environment,
    image: str | None,
    world: World,
    seen: StateSeen,
    *,
    destroy: bool = False,
    skips_confirmation: bool = False,
) -> tuple[Plan, Verdict | ConfirmDrift]:
    """Read the plan, classify it, decide, and record all of it."""
    plan = _read(document, record, world)
    finding = await classified(plan, record, workspace, image, world, seen, destroy=destroy)
    objection = await denied(world.judge, plan, document, record.key, environment, world.redactor)
    found = verdict(
        plan,
        finding,
        world.records[record.key],
        environment,
        image=image,
        now=world.now(),
        limits=world.limits.verdict,
        objection=objection,
        freeze=world.freezing.of(environment.name),
    )
    planned = Planned(plan, finding, response(found), world.limits.pace.confirm, seen)
    record = await world.records.advance(record.key, planned)
    await attribute(record, finding, environment, world)
    return plan, found if skips_confirmation else confirm_first(found, record)


def _read(document: Mapping[str, Any], record: Record, world: World) -> Plan:
    in_git = said_in_git(record.instance, record.base.variables if record.base else None)
    owned = pipeline_owns_image(record.instance)
    try:
        return plans.read(document, world.redactor, pipeline_image=owned, in_git=in_git)
    except UnreadablePlan as error:
        raise TerraformFailed(Reason.PLAN_FAILED, f"its plan cannot be read: {error}") from error


async def _apply(
    instance: Instance,
    plan: Plan,
    seen: StateSeen,
    run: Run,
    live: LiveService | None,
    workspace: Workspace,
    world: World,
) -> None:
    image = live.newest if live else None
    if live and (await observe(instance, run.environment, world) or live).newest != image:
        raise _ServiceMoved
    key = instance.key
    async with world.apply_of(key):
        await world.records.advance(key, Applying(intent(plan, world.records[key], world), _base(run)))
        outputs = await terraform_apply(key, workspace, run.environment, world)
        left = await states.after_apply(plan, seen, run.environment, world)
        await world.records.advance(key, Applied(outputs, image, left, plan.providers))


async def _prune(key: Key, environment: Environment, world: World) -> None:
    record = world.records[key]
    if record.base is None:
        await world.records.forget(key)
        return
    run = run_of_base(record, record.base, environment, world)
    async with renames.workspace(run, world) as workspace:
        document = await locks.plan(record, workspace, environment, world, destroy=True)
        seen = await states.check(key, workspace, environment, world)
        plan, decided = await _plan(record, document, workspace, environment, None, world, seen, destroy=True)
        match decided:
            case AwaitApproval() | Report():
                await world.records.advance(key, waiting(decided))
                return
        # The plan destroys nothing that is already gone from AWS, but the state still has to learn it.
        held = not await workspace.is_empty()
        if held and (full := await obstacle(plan, environment, world)):
            await world.records.advance(key, Waiting(Reason.PRUNE_GUARD, full))
            return
        if held and not await _destroy(key, plan, workspace, environment, world):
            return
        if held and not await workspace.is_empty():
            left = "destroyed, but its state still holds resources"
            await world.records.advance(key, Failed(Reason.APPLY_FAILED, left, of_apply=True))
            return
    if not await world.records.forget(key):
        await world.records.advance(
            key, PassHeld(Reason.PROGRESSING, "its manifest came back during the removal: it is created again")
        )


async def _destroy(key: Key, plan: Plan, workspace: Workspace, environment: Environment, world: World) -> bool:
    """Destroy the instance; False when its manifest came back while the destroy was planned. Raises: ApplyFailed."""
    async with world.apply_of(key):
        destroying = intent(plan, world.records[key], world, destroys=True)
        record = await world.records.advance(key, Applying(destroying, None))
        if record.removed is None:
            stays = "its manifest is back: nothing was destroyed"
            await world.records.advance(key, Failed(Reason.INTERRUPTED, stays, of_apply=True))
            return False
        await terraform_apply(key, workspace, environment, world)
        return True


async def _watch(key: Key, environment: Environment, planned: LiveService, world: World) -> None:
    """Observe the service again after an apply, unless the reason why the plan waits is the headline.

    Raises: _ServiceMoved, when an image was pushed or deployed since the service that the plan was made for was read,
    or the last task of a former port has ended.
    """
    record = world.records[key]
    if record.applied_digest != record.desired_digest or plan_waits(record):
        return
    live = await observe(record.instance, environment, world)
    if live is None:
        return
    if live.newest != planned.newest or not planned.ports <= live.ports:
        raise _ServiceMoved
    await world.records.advance(key, RolloutObserved(live, world.limits.rollout_timeout, environment.floor))


def _base(run: Run) -> Base:
    return Base(run.root, run.tree_id, run.variables)
