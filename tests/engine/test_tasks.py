"""One-off tasks on request: who asks is recorded first, and what cannot be run is refused without a call of AWS."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from desired_state.checks.conflicts import Tier
from desired_state.instance import Instance, Key
from reconciler.core.environment import Environment
from reconciler.core.live import LastRun
from reconciler.core.ports.control import ActionRefused
from reconciler.core.ports.tasks import TaskRefused, TaskSeen
from reconciler.core.principal import Principal
from reconciler.core.record.audit import AuditFilter
from reconciler.core.record.model import Record
from reconciler.core.status.events import FoundInSync
from reconciler.core.vocabulary import Health
from reconciler.engine.control import EngineControl
from reconciler.engine.passes.deployment import watch_runs
from tests.core.instances import DEVELOP, NOW, PLATFORM, applied, base, fold, new
from tests.core.status.test_job_runs import JOB
from tests.engine.fakes.world import FakeController, fake_world

ORDERS = Key("develop", "orders")
ANN = Principal("ann", "socket")


@dataclass
class Started:
    """Tasks that remember what was started."""

    commands: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    refusal: str | None = None

    async def start(
        self, instance: Instance, environment: Environment, outputs: Mapping[str, Any], command: Sequence[str]
    ) -> str:
        if self.refusal:
            raise TaskRefused(self.refusal)
        self.commands.append((str(instance.key), tuple(command)))
        return "task-1"

    async def observe(
        self, instance: Instance, environment: Environment, outputs: Mapping[str, Any], task: str, after: str | None
    ) -> TaskSeen:
        return TaskSeen(True, 0)


def control_of(*records: Record, tier: Tier = "develop", tasks: Started | None = None) -> EngineControl:
    world = fake_world(*records, environments={"develop": replace(DEVELOP, tier=tier)})
    world.tasks = tasks
    return EngineControl(FakeController(world))


def service() -> Record:
    return applied().replace(outputs={"service_name": "orders"})


async def outcomes(control: EngineControl) -> list[tuple[str, str, str | None, tuple[str, ...]]]:
    found = await control.audit(AuditFilter(), limit=9)
    return [(one.act.action, one.result, one.act.reason, one.act.options) for one in found]


async def test_a_task_is_started_after_the_request_was_recorded() -> None:
    tasks = Started()
    control = control_of(service(), tasks=tasks)
    command = ["psql", "postgres://app:hunter2secret@db/orders"]
    assert await control.run_task(ORDERS, command, by=ANN, reason="a backfill") == "task-1"
    assert tasks.commands == [("develop/orders", tuple(command))]
    ((action, outcome, reason, options),) = await outcomes(control)
    assert (action, outcome, reason) == ("run-task", "accepted", "a backfill")
    assert options[0].startswith("command psql ")
    assert "hunter2secret" not in options[0], "a secret in a command is hidden"
    assert (await control.task(ORDERS, "task-1", None)).ended


@pytest.mark.parametrize(
    ("record", "tier", "command", "message"),
    [
        (service(), "prod", ["true"], "needs a reason in the tier prod"),
        (service(), "develop", [], "write the command after --"),
        (new(), "develop", ["true"], "was not applied yet"),
        (new(PLATFORM), "develop", ["true"], "only a Service and a Job have tasks"),
    ],
)
async def test_a_task_that_cannot_be_run_is_refused_and_recorded(
    record: Record, tier: Tier, command: list[str], message: str
) -> None:
    tasks = Started()
    control = control_of(record, tier=tier, tasks=tasks)
    with pytest.raises(ActionRefused, match=message):
        await control.run_task(record.key, command, by=ANN)
    assert tasks.commands == []
    ((_, outcome, _, _),) = await outcomes(control)
    assert outcome == "refused"


async def test_the_reason_of_aws_is_passed_on() -> None:
    control = control_of(service(), tasks=Started(refusal="the task did not start: RESOURCE:ENI"))
    with pytest.raises(ActionRefused, match="RESOURCE:ENI"):
        await control.run_task(ORDERS, ["true"], by=ANN)
    assert "failed" in {outcome for _, outcome, _, _ in await outcomes(control)}


@dataclass(frozen=True)
class Ended:
    """Runs of which the last one has failed."""

    async def last(self, environment: Environment, outputs: Mapping[str, Any]) -> LastRun | None:
        return LastRun(NOW, True, f"the run r1 of {outputs['state_machine_arn']} ended with FAILED")


async def test_the_last_run_of_a_job_is_looked_at_and_no_other_kind_has_one() -> None:
    job = new(JOB).replace(outputs={"state_machine_arn": "m"}, applied_at=NOW)
    world = fake_world(fold(job, FoundInSync(base(job), {"state_machine_arn": "m"})), service())
    world.runs = Ended()
    for key in (job.key, ORDERS):
        await watch_runs(key, DEVELOP, world)
    assert world.records[job.key].health is Health.DEGRADED
    assert world.records[ORDERS].health is not Health.DEGRADED
