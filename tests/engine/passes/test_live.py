"""The image that a pass works with, and the platform whose outputs it reads."""

import dataclasses
from dataclasses import dataclass, field

import pytest

from desired_state.instance import Instance, Key
from reconciler.core.environment import Environment
from reconciler.core.inputs.placeholder import placeholder_platform
from reconciler.core.live import LiveService, RolloutState
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.ports.terraform import Run, Workspace
from reconciler.core.record.model import Record
from reconciler.core.status.advance import first
from reconciler.engine.passes.live import observe, pipeline_is_deploying, pipeline_owns_image, run_of
from reconciler.engine.passes.reconcile import reconcile
from tests.core.instances import DEVELOP, IMAGE, PLATFORM, SERVICE, applied, instance
from tests.desired_state.tenants import TENANTS
from tests.engine.fake_engine import platform
from tests.engine.fakes.aws import HEALTHY, FakeLive
from tests.engine.fakes.terraform import FakeTerraform, FakeWorkspace
from tests.engine.fakes.world import fake_world

OF_GIT = instance()
OF_PIPELINE = instance(SERVICE.replace("  image: {tag: 3f9c2d1}\n", ""))
THE_PLATFORM = instance(PLATFORM, needs=())


@dataclass
class AskedLive(FakeLive):
    """ECS with healthy services, which remembers the arguments of each read."""

    asked: list[tuple[Instance, Environment, str]] = field(default_factory=list)

    async def service(self, instance: Instance, environment: Environment, cluster: str) -> LiveService:
        self.asked.append((instance, environment, cluster))
        return self.answer


@pytest.mark.parametrize(
    ("wanted", "pipelines"),
    [(OF_GIT, False), (OF_PIPELINE, True), (THE_PLATFORM, False)],
    ids=["of Git", "of a pipeline", "no service"],
)
def test_git_or_a_pipeline_owns_the_image_of_a_service(wanted: Instance, pipelines: bool) -> None:
    assert pipeline_owns_image(wanted) == pipelines


@pytest.mark.parametrize("state", RolloutState)
def test_a_pipeline_is_deploying_while_a_rollout_of_its_image_is_in_progress(state: RolloutState) -> None:
    live = dataclasses.replace(HEALTHY, rollout=state)
    assert pipeline_is_deploying(OF_PIPELINE, live) == (state is RolloutState.IN_PROGRESS)
    assert not pipeline_is_deploying(OF_GIT, live)


async def test_a_service_is_read_in_the_cluster_of_its_platform() -> None:
    ecs = AskedLive()
    world = fake_world(platform(), live=ecs)
    assert await observe(OF_GIT, DEVELOP, world) is HEALTHY
    assert ecs.asked == [(OF_GIT, DEVELOP, placeholder_platform(DEVELOP)["cluster"]["name"])]
    assert await observe(THE_PLATFORM, DEVELOP, world) is None
    assert len(ecs.asked) == 1


def module_with_an_output_of_that_name() -> Record:
    """Another dependency, which is no platform and has an output called `platform`."""
    record = platform()
    other = dataclasses.replace(record.instance, key=Key("develop", "a-module"), kind="Module")
    return record.replace(instance=other, outputs={"platform": {"cluster": {"name": "another"}}})


async def test_only_a_platform_is_taken_for_the_platform() -> None:
    ecs = AskedLive()
    both = instance(needs=("a-module", "platform"))
    await observe(both, DEVELOP, fake_world(module_with_an_output_of_that_name(), platform(), live=ecs))
    assert ecs.asked[0][-1] == placeholder_platform(DEVELOP)["cluster"]["name"]


@pytest.mark.parametrize(
    "records",
    [(), (platform().replace(outputs={}),), (module_with_an_output_of_that_name(),)],
    ids=["none", "without the output", "no platform"],
)
async def test_a_platform_without_its_output_is_not_available_and_named(records: tuple[Record, ...]) -> None:
    needing = instance(needs=("a-module", "platform"))
    with pytest.raises(LiveUnavailable, match=r"^the platform of develop has no output `platform`"):
        await observe(needing, DEVELOP, fake_world(*records))


def test_the_run_of_a_service_has_the_outputs_of_its_platform_and_the_newest_image() -> None:
    world = fake_world(platform(), first(OF_GIT, "c1").replace(tenant="shop"))
    live = dataclasses.replace(HEALTHY, image="running", newest=IMAGE)
    run = run_of(OF_GIT, DEVELOP, live, world)
    assert (run.key, run.root, run.tree_id, run.environment, run.imports) == (
        OF_GIT.key,
        "service",
        OF_GIT.tree_id,
        DEVELOP,
        OF_GIT.spec.imports,
    )
    assert run.variables["platform"] == placeholder_platform(DEVELOP)
    assert IMAGE in str(run.variables)
    assert "running" not in str(run.variables["service"])
    assert run.tenant is None, "there are no tenants"
    world.tenants = TENANTS
    assert run_of(OF_GIT, DEVELOP, live, world).tenant == "shop"


def test_the_run_of_another_kind_needs_no_platform() -> None:
    run = run_of(THE_PLATFORM, DEVELOP, None, fake_world(first(THE_PLATFORM, "c1")))
    assert (run.root, run.tree_id) == ("platform", THE_PLATFORM.tree_id)


@dataclass
class RollingLive(FakeLive):
    """ECS, in which the tasks at port 7070, with a former secret, end once the service was read."""

    async def service(self, instance: Instance, environment: Environment, cluster: str) -> LiveService:
        seen, self.answer = self.answer, dataclasses.replace(self.answer, ports=frozenset({8080}), secrets=frozenset())
        return seen


@dataclass
class SeenTerraform(FakeTerraform):
    """Terraform that remembers its runs, and finds nothing to do."""

    runs: list[Run] = field(default_factory=list)

    async def open(self, run: Run) -> Workspace:
        self.runs.append(run)
        return FakeWorkspace()


async def test_a_port_is_closed_and_a_secret_taken_in_the_pass_that_finds_the_last_task_gone() -> None:
    terraform, record = SeenTerraform(), applied()
    live = RollingLive(dataclasses.replace(HEALTHY, ports=frozenset({7070, 8080}), secrets=frozenset({"orders/old"})))
    world = fake_world(platform(), record, terraform=terraform, live=live)
    await reconcile(record.key, world)
    assert [run.variables.get("admitted_ports") for run in terraform.runs] == [[7070], None]
    assert [run.variables.get("admitted_secrets") for run in terraform.runs] == [["orders/old"], None]
