"""The steps around an apply: check the prerequisites and obstacles, run the pre-deployment task, watch runs of jobs."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from desired_state.instance import Key
from desired_state.kinds.job import JobSpec
from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.environment import Environment
from reconciler.core.plan.deployment import Incomplete, first_task, needs
from reconciler.core.plan.model import Plan
from reconciler.core.policy import removal
from reconciler.core.ports.aws import PreparationFailed
from reconciler.core.status.events import RunObserved
from reconciler.core.vocabulary import Reason
from reconciler.engine.world import World


async def prepare(
    document: Mapping[str, Any], spec: ServiceSpec | JobSpec, environment: Environment, world: World
) -> None:
    """Make sure that the planned deployment can work. `document` is the JSON form of the plan.

    Raises: PreparationFailed, LiveUnavailable.
    """
    missing = await world.prerequisites.missing(needs(document), environment)
    if missing:
        where = f"{environment.name} ({environment.account}, {environment.region})"
        raise PreparationFailed(Reason.INVALID_CONFIGURATION, f"not applied: {'; '.join(missing)}, in {where}")
    if isinstance(spec, JobSpec) or spec.pre_deployment is None:
        return
    try:
        task = first_task(document, timeout=spec.pre_deployment.timeout)
    except Incomplete:
        why = "the pre-deployment task cannot run before its roles and network exist: leave it out of the first apply"
        raise PreparationFailed(Reason.INVALID_CONFIGURATION, why) from None
    if task:
        async with _without(world.admission):
            await world.first_tasks.run(task, environment)


async def obstacle(plan: Plan, environment: Environment, world: World) -> str | None:
    """Return what AWS would stop the planned destroy at, and what to do; None when nothing stops it.

    Raises: LiveUnavailable.
    """
    found = await world.prerequisites.contents(removal.must_be_empty(plan), environment)
    if found.full:
        return removal.explain(found.full)
    return removal.explain_unseen(found.unseen) if found.unseen else None


async def watch_runs(key: Key, environment: Environment, world: World) -> None:
    """Record how the last run of a job ended. Raises: LiveUnavailable."""
    record = world.records[key]
    if world.runs and isinstance(record.instance.spec, JobSpec):
        await world.records.advance(key, RunObserved(await world.runs.last(environment, record.outputs)))


@asynccontextmanager
async def _without(admission: asyncio.Semaphore) -> AsyncIterator[None]:
    """Release the Terraform slot during the block: a task may take long, and needs none."""
    admission.release()
    try:
        yield
    finally:
        await admission.acquire()
