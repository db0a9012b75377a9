"""Ready means live: 200 seeded interleavings of image pushes, rollouts, slow answers and looks.

The engine, the fold, the API, `wait` and `get --exit-code` are the real ones, and so is the edge that reads ECS. A
claim is true if the service was as claimed at a moment of the pass.
"""

import dataclasses
import random
from datetime import timedelta

import pytest

from desired_state.instance import Instance
from reconciler.cli.commands.waiting import Live, verdict
from reconciler.cli.live import is_live
from reconciler.core.environment import Environment
from reconciler.core.live import LiveService, RolloutState
from reconciler.core.status.events import Accepted
from reconciler.core.views import api
from reconciler.core.vocabulary import ConditionType, Health, Reason
from reconciler.edges.aws.ecs import EcsLive
from reconciler.engine.passes.reconcile import reconcile
from tests.core.documents import change
from tests.core.instances import IMAGE, NOW, SERVICE, instance
from tests.engine.fake_engine import ORDERS, FakeEngine, ServiceTerraform
from tests.engine.fakes.aws import HEALTHY, FakeLive
from tests.engine.slow_aws import TAGS, WANTED, WORKS, DeployingTerraform, SlowAws, image_of

CREATE = change("aws_ecs_service.this", ["create"], None, {"name": "orders"})
REDEPLOY = change("aws_ecs_service.this", ["update"], {"task_definition": "td:1"}, {"task_definition": "td:2"})
OF_PIPELINE = SERVICE.replace("  image: {tag: 3f9c2d1}\n", "")


class Story:
    """One seeded interleaving."""

    def __init__(self, seed: int) -> None:
        rng = self.rng = random.Random(seed)
        terraform = DeployingTerraform()
        self.engine = FakeEngine(terraform)
        self.aws = terraform.aws = SlowAws(self.engine, rng)
        self.engine.world.live, self.engine.world.prerequisites = EcsLive(self.aws), terraform
        self.by_git = rng.random() < 0.5
        record = self.engine.orders.replace(instance=self.instance())
        self.engine.add(record)
        self.commits = 1

    def instance(self) -> Instance:
        return instance(SERVICE.replace(TAGS[0], self.rng.choice(TAGS)) if self.by_git else OF_PIPELINE)

    async def step(self) -> None:
        """Let something happen outside of a pass, or run a pass."""
        aws = self.aws
        match self.rng.randrange(8):
            case 0:
                self.commits += 1
                await self.engine.world.records.advance(ORDERS, Accepted(self.instance(), f"c{self.commits}"))
            case 1 if aws.pushed and aws.rollout and not self.by_git:
                aws.minimum = WANTED
                aws.deploy(image_of(aws.pushed[-1]))
            case 2:
                aws.broken = self.rng.random() < 0.3
            case 3:
                aws.passes(60)
            case _:
                aws.begin_pass()
                await reconcile(ORDERS, self.engine.world)
                self.holds(live=aws.live)

    def holds(self, *, live: bool) -> bool:
        """Check what the API, `get` and `wait` say. Returns whether they say that the service is live."""
        record = self.engine.orders
        detail = api.detail(record, NOW)
        shown, waited = is_live(detail), isinstance(verdict(detail), Live)
        assert shown == waited, "`get --exit-code` and `wait` ask the same question"
        ready = record.conditions[ConditionType.READY].status
        assert not (ready or shown or record.health is Health.HEALTHY) or live, f"said to be live: {detail}"
        tag = self.aws.wanted_tag
        assert detail["sync"] != "InSync" or tag is None or tag in self.aws.pushed, "the image of Git was not pushed"
        assert detail["sync"] != "InSync" or detail["reason"] != "RolledBack"
        return shown


@dataclasses.dataclass
class Answers(FakeLive):
    """ECS that gives these answers one after the other, and the last one for ever."""

    answers: list[LiveService] = dataclasses.field(default_factory=list)

    async def service(self, instance: Instance, environment: Environment, cluster: str) -> LiveService:
        self.answer = self.answers.pop(0) if self.answers else self.answer
        return self.answer


@pytest.mark.parametrize("already_awaiting", [False, True])
async def test_an_image_that_is_pushed_between_the_two_looks_of_a_visit_is_rolled_out_in_it(
    already_awaiting: bool,
) -> None:
    placeholder = LiveService(None, None, RolloutState.COMPLETED, "td:1")
    pushed = dataclasses.replace(placeholder, newest=IMAGE)
    nothing = dataclasses.replace(placeholder, rollout=RolloutState.ABSENT, task_definition=None)
    terraform = ServiceTerraform(planned=[CREATE], breaks_again=[REDEPLOY])
    engine = FakeEngine(terraform)
    live = Answers(answers=[nothing, nothing, *([placeholder] * 2 if already_awaiting else []), pushed])
    engine.world.live = live
    if already_awaiting:
        assert (await engine.visit()).reason is Reason.AWAITING_FIRST_IMAGE
    record = await engine.visit()
    assert (terraform.applies, record.health) == (2, Health.PROGRESSING)
    assert (record.reason, record.conditions[ConditionType.READY].status) == (Reason.PROGRESSING, False)
    live.answer = HEALTHY
    record = await engine.visit()
    assert (record.health, record.conditions[ConditionType.READY].status) == (Health.HEALTHY, True)


AS_THEY_ARE: dict[str, tuple[LiveService, tuple[str, str, str]]] = {
    "the placeholder": (
        LiveService(None, None, RolloutState.COMPLETED, "td:1"),
        ("Pending", "Unknown", "AwaitingFirstImage"),
    ),
    "too few tasks": (dataclasses.replace(HEALTHY, running=1), ("InSync", "Progressing", "Progressing")),
    "a sick target": (dataclasses.replace(HEALTHY, targets=1), ("InSync", "Progressing", "Progressing")),
    "a version that ECS took back": (
        dataclasses.replace(HEALTHY, rollout=RolloutState.ROLLED_BACK, task_definition="td:0"),
        ("Pending", "Degraded", "RolledBack"),
    ),
    "as Git asks": (HEALTHY, ("InSync", "Healthy", "Applied")),
}


@pytest.mark.parametrize("name", AS_THEY_ARE)
async def test_a_service_is_what_it_is_in_sync_health_reason_and_exit_code(name: str) -> None:
    answer, expected = AS_THEY_ARE[name]
    engine = FakeEngine(ServiceTerraform(planned=[CREATE]))
    engine.live.answer = answer
    for _ in range(3):
        detail = api.detail(await engine.visit(), NOW)
        assert (detail["sync"], detail["health"], detail["reason"]) == expected
        assert (is_live(detail), detail["ready"]) == ((True, True) if answer is HEALTHY else (False, False))


async def test_another_image_at_rest_is_planned_at_once_and_not_again_before_its_time() -> None:
    terraform = ServiceTerraform(planned=[CREATE])
    engine = FakeEngine(terraform)
    assert (await engine.visit()).health is Health.HEALTHY
    checked = engine.now
    engine.live.answer = dataclasses.replace(HEALTHY, image="another")
    record = await engine.visit()
    assert (record.checked_at, record.health) == (checked, Health.PROGRESSING)
    assert (await engine.visit()).checked_at == checked


@pytest.mark.parametrize("first", range(0, 200, 50))
async def test_a_service_is_never_said_to_be_live_while_it_is_not(first: int) -> None:
    lived = 0
    for seed in range(first, first + 50):
        story = Story(seed)
        for _ in range(30):
            await story.step()
        lived += await _comes_to_rest(story)
    assert lived == 50, "a version that works is live in the end"


async def _comes_to_rest(story: Story) -> bool:
    """Deploy a version that works, and let nothing else happen. Returns whether the service is live then."""
    aws, engine = story.aws, story.engine
    aws.broken, aws.sick, aws.pushed = False, 0, [WORKS]
    aws.passes = lambda most=8: None  # type: ignore[method-assign]  # nothing comes in between any more
    if story.by_git:
        fixed = instance(SERVICE.replace(TAGS[0], WORKS))
        await engine.world.records.advance(ORDERS, Accepted(fixed, "last"))
    elif aws.rollout:
        aws.minimum = WANTED
        aws.deploy(image_of(WORKS))
    for _ in range(60):
        engine.now += timedelta(seconds=30)
        aws.scale()
        aws.begin_pass()
        await engine.visit()
        if story.holds(live=aws.live):
            return True
    return False
