"""Live services on the AWS stand-in, and the interpretation of ECS's answers about rollouts."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from deploy.local import standin
from reconciler.core.live import LiveService, RolloutState
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.edges.aws.clients import AwsClients, AwsFailed
from reconciler.edges.aws.ecs import EcsLive
from tests.core.instances import SERVICE
from tests.edges.aws.shop import ACCOUNT, REGISTRY, Shop
from tests.edges.callers import ONCE

PIPELINE_OWNED = SERVICE.replace("  image: {tag: 3f9c2d1}\n", "")


@pytest.fixture
def shop(aws: standin.StandIn) -> Iterator[Shop]:
    aws.set_rollout_delay(0)
    yield Shop(aws)
    aws.allow_deployments()
    aws.lift_faults()
    aws.set_rollout_delay(3)


@pytest_asyncio.fixture
async def clients(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AwsClients]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", standin.ACCESS_KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", standin.SECRET_ACCESS_KEY)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    found = AwsClients(settings=ONCE)
    yield found
    found.close()


async def read_service(shop: Shop, clients: AwsClients, text: str = SERVICE) -> LiveService:
    return await EcsLive(clients).service(shop.instance(text), shop.environment, shop.cluster)


async def test_a_service_that_does_not_exist_is_absent(shop: Shop, clients: AwsClients) -> None:
    found = await read_service(shop, clients)
    assert (found.rollout, found.image, found.newest, found.running) == (RolloutState.ABSENT, None, None, 0)


async def test_a_cluster_that_does_not_exist_has_no_services(shop: Shop, clients: AwsClients) -> None:
    found = await EcsLive(clients).service(shop.instance(), shop.environment, "no-such-cluster")
    assert found.rollout == RolloutState.ABSENT


async def test_an_image_of_another_registry_is_taken_as_git_names_it(shop: Shop, clients: AwsClients) -> None:
    # The daemon has no login there: to ask its own registry for the tag would hold the service back for ever.
    elsewhere = SERVICE.replace("{tag: 3f9c2d1}", "{repository: ghcr.io/acme/orders, tag: v1}")
    assert (await read_service(shop, clients, elsewhere)).newest == "ghcr.io/acme/orders:v1"


async def test_a_deleted_service_is_absent(shop: Shop, clients: AwsClients) -> None:
    shop.create(f"{REGISTRY}/x:1")
    shop.aws.client("ecs").delete_service(cluster=shop.cluster, service=shop.name, force=True)
    assert (await read_service(shop, clients)).rollout == RolloutState.ABSENT


async def test_a_running_service_shows_its_own_container(shop: Shop, clients: AwsClients) -> None:
    image = f"{REGISTRY}/develop/{shop.name}:3f9c2d1"
    definition = shop.create(image)
    found = await read_service(shop, clients)
    assert (found.image, found.task_definition) == (image, definition)
    assert (found.rollout, found.running, found.desired) == (RolloutState.COMPLETED, 2, 2)


async def test_the_schedule_in_force_is_the_one_whose_numbers_aws_set(shop: Shop, clients: AwsClients) -> None:
    shop.create(f"{REGISTRY}/x:1")
    schedules = '[{cron: "0 8 ? * MON-FRI *", min: 4, max: 9}, {cron: "0 20 ? * MON-FRI *", min: 1, max: 2}]'
    text = SERVICE.replace("max: 6}", f"max: 6, schedules: {schedules}}}")
    assert (await read_service(shop, clients, text)).schedule is None, "none was applied yet"
    scaling = shop.aws.client("application-autoscaling")
    target = {
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": f"service/{shop.cluster}/{shop.name}",
    }
    scaling.register_scalable_target(**target, MinCapacity=2, MaxCapacity=6)
    # The second one still has numbers from before a change of the manifest; the third one is in the manifest no more.
    for place, (fewest, most) in enumerate([(4, 9), (1, 3), (2, 6)]):
        scaling.put_scheduled_action(
            **target,
            ScheduledActionName=f"develop-{shop.name}-{place}",
            Schedule="cron(0 8 ? * * *)",
            ScalableTargetAction={"MinCapacity": fewest, "MaxCapacity": most},
        )
    found = []
    for fewest, most in ((2, 6), (4, 9), (1, 3), (1, 2)):
        scaling.register_scalable_target(**target, MinCapacity=fewest, MaxCapacity=most)
        found.append((await read_service(shop, clients, text)).schedule)
    assert found == [None, 0, 1, None]
    assert (await read_service(shop, clients)).schedule is None, "the manifest has no schedule"


async def test_the_placeholder_image_counts_as_none(shop: Shop, clients: AwsClients) -> None:
    shop.create(f"{REGISTRY}/develop/{shop.name}:awaiting-first-image")
    found = await read_service(shop, clients, PIPELINE_OWNED)
    assert (found.image, found.newest) == (None, None)


async def test_the_first_image_is_the_tag_from_git_once_it_was_pushed(shop: Shop, clients: AwsClients) -> None:
    shop.push("another")
    assert (await read_service(shop, clients)).newest is None
    shop.push("3f9c2d1")
    assert (await read_service(shop, clients)).newest == f"{REGISTRY}/develop/{shop.name}:3f9c2d1"


async def test_the_registry_is_not_asked_about_a_service_that_runs(shop: Shop, clients: AwsClients) -> None:
    shop.create(f"{REGISTRY}/develop/{shop.name}:0ld0ld0")
    assert (await read_service(shop, clients)).newest == f"{REGISTRY}/develop/{shop.name}:3f9c2d1"


async def test_the_running_image_of_a_pipeline_stays_after_another_push(shop: Shop, clients: AwsClients) -> None:
    shop.create(f"{REGISTRY}/develop/{shop.name}:aaaaaaa")
    shop.push("bbbbbbb")
    assert (await read_service(shop, clients, PIPELINE_OWNED)).newest == f"{REGISTRY}/develop/{shop.name}:aaaaaaa"


async def test_the_first_image_of_a_pipeline_is_found_in_its_repository(shop: Shop, clients: AwsClients) -> None:
    shop.push("latest", "3f9c2d1")
    assert (await read_service(shop, clients, PIPELINE_OWNED)).newest == f"{REGISTRY}/develop/{shop.name}:3f9c2d1"


async def test_a_running_rollout_is_in_progress(shop: Shop, clients: AwsClients) -> None:
    shop.aws.set_rollout_delay(3600)
    shop.create("app:1")
    found = await read_service(shop, clients)
    assert (found.rollout, found.running, found.desired) == (RolloutState.IN_PROGRESS, 0, 2)
    assert "in progress" in found.message


async def test_a_rollout_shows_the_ports_of_all_tasks_that_run(shop: Shop, clients: AwsClients) -> None:
    shop.create("app:1", 8080)
    assert (await read_service(shop, clients)).ports == {8080}
    shop.aws.set_rollout_delay(3600)
    shop.update("app:2", 9090)
    assert (await read_service(shop, clients)).ports == {8080, 9090}
    shop.aws.set_rollout_delay(0)
    assert (await read_service(shop, clients)).ports == {9090}
    shop.aws.client("ecs").update_service(cluster=shop.cluster, service=shop.name, desiredCount=0)
    assert (await read_service(shop, clients)).ports == set(), "no task runs"


async def test_a_rollout_shows_the_secrets_with_which_tasks_of_either_revision_start(
    shop: Shop, clients: AwsClients
) -> None:
    shop.create("app:1", secret="orders/key")
    assert (await read_service(shop, clients)).secrets == {"orders/key"}
    shop.aws.set_rollout_delay(3600)
    shop.update("app:2", secret="orders/url-AbCdEf:password::")
    assert (await read_service(shop, clients)).secrets == {"orders/key", "orders/url"}
    shop.aws.set_rollout_delay(0)
    assert (await read_service(shop, clients)).secrets == {"orders/url"}


async def test_a_failed_first_deployment_cannot_be_rolled_back(shop: Shop, clients: AwsClients) -> None:
    shop.aws.fail_deployments(shop.cluster, shop.name)
    shop.create("broken:1")
    found = await read_service(shop, clients)
    assert (found.rollout, found.message) == (
        RolloutState.FAILED,
        "ECS deployment circuit breaker: tasks failed to start.",
    )


async def test_a_rollback_is_recognised_during_and_after_it(shop: Shop, clients: AwsClients) -> None:
    good = shop.create("app:1")
    assert (await read_service(shop, clients)).rollout == RolloutState.COMPLETED
    shop.aws.fail_deployments(shop.cluster, shop.name, image="broken")
    shop.aws.set_rollout_delay(1)
    shop.update("broken:2")
    seen: list[LiveService] = []
    while not (seen and seen[-1].running == 2 and seen[-1].rollout != RolloutState.IN_PROGRESS):
        seen.append(await read_service(shop, clients))
        await asyncio.sleep(0.2)
    assert {found.rollout for found in seen} <= {RolloutState.IN_PROGRESS, RolloutState.ROLLED_BACK}
    assert (seen[-1].rollout, seen[-1].task_definition) == (RolloutState.ROLLED_BACK, good)
    for _ in range(10):  # until ECS has dropped the failed deployment
        await asyncio.sleep(0.2)
        assert (await read_service(shop, clients)).rollout == RolloutState.ROLLED_BACK
    shop.update("app:3")
    assert (await read_service(shop, clients)).rollout == RolloutState.IN_PROGRESS


async def test_an_unavailable_aws_raises_live_unavailable(shop: Shop, clients: AwsClients) -> None:
    shop.aws.inject_fault("ecs", "error", operation="DescribeServices", status=500, times=5)
    with pytest.raises(LiveUnavailable, match="ecs describe_services in develop"):
        await read_service(shop, clients)


async def test_failures_carry_the_error_code_of_aws(shop: Shop, clients: AwsClients) -> None:
    with pytest.raises(AwsFailed) as caught:
        await clients.call(shop.environment, "ecs", "describe_task_definition", taskDefinition="none:1")
    assert caught.value.code == "ClientException"
    nowhere = replace(shop.environment, endpoint="http://127.0.0.1:9")
    with pytest.raises(AwsFailed) as caught:
        await clients.call(nowhere, "ecs", "list_clusters")
    assert caught.value.code == "EndpointConnectionError"


async def test_a_call_ends_at_its_deadline(shop: Shop, clients: AwsClients) -> None:
    hasty = AwsClients(deadline=timedelta(milliseconds=200), settings=ONCE)
    await clients.call(shop.environment, "ecs", "list_clusters")
    shop.aws.inject_fault("ecs", "slow", operation="ListClusters", seconds=2, times=1)
    with pytest.raises(AwsFailed) as caught:
        await hasty.call(shop.environment, "ecs", "list_clusters")
    assert caught.value.code == "TimedOut"
    hasty.close()


async def test_an_environment_with_a_role_is_called_as_that_role(shop: Shop, clients: AwsClients) -> None:
    production = replace(shop.environment, name="prod", role="arn:aws:iam::444455556666:role/reconciler")
    own = await clients.call(shop.environment, "sts", "get_caller_identity")
    assumed = await clients.call(production, "sts", "get_caller_identity")
    assert own["Account"] == ACCOUNT
    assert assumed["Arn"] == "arn:aws:sts::444455556666:assumed-role/reconciler/ecs-gitops-reconciler"
    before = shop.aws.last_request()
    await clients.call(production, "sts", "get_caller_identity")
    assert [request["operation"] for request in shop.aws.requests(before)] == ["GetCallerIdentity"]
