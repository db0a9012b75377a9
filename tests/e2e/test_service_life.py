"""The life of a service: its first image, deployments by a pipeline and by Git, migrations, failures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from deploy.local import standin
from reconciler.core.vocabulary import Health, Sync
from reconciler.engine.passes.reconcile import reconcile
from tests import roles
from tests.e2e.service_life import begin
from tests.standins import borrowed
from tests.terraform.landscape import make_platform

pytestmark = [pytest.mark.aws, pytest.mark.timeout(900)]
MIGRATE = "  preDeployment: {command: [node, migrate.js], timeout: 1m}\n"
BY_PIPELINE = """
apiVersion: reconciler/v1
kind: Service
metadata: {name: orders}
spec:
  environments: [develop]
  type: public
  runtime: nodejs
  repository: acme/orders
  cpu: 256
  memory: 512
  port: 8080
  scaling: {min: 2, max: 6}
  routing: {paths: ["/orders/*"], priority: 120}
"""
BY_GIT = BY_PIPELINE.replace("  cpu: 256\n", "  image: {tag: one}\n  cpu: 256\n").replace(
    "priority: 120", "priority: 121"
)
RENAMED = BY_GIT.replace("priority: 121", "priority: 123")
WITH_SECRET = BY_PIPELINE.replace("priority: 120", "priority: 122") + "  secrets: {URL: life/url}\n"


@pytest.fixture(scope="module")
def aws() -> Iterator[standin.StandIn]:
    with borrowed(rollout_delay=0) as running:
        yield running


@pytest.fixture(scope="module")
def platform(aws: standin.StandIn) -> Mapping[str, Any]:
    return roles.bounded(aws, make_platform(aws, "develop"))


@pytest.fixture(autouse=True)
def credentials(aws: standin.StandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("HOME", os.environ["HOME"])
    yield
    aws.allow_deployments()
    aws.set_rollout_delay(0)


async def test_what_a_pipeline_deploys_stays_whatever_else_changes(
    tmp_path: Path, aws: standin.StandIn, platform: Mapping[str, Any]
) -> None:
    """The first image is awaited; a deployment is no drift; a change of CPU keeps the pipeline's image, also when the
    pipeline deploys between plan and apply; a failed deployment ends as Degraded and is not tried again."""
    async with begin(tmp_path, aws, platform, BY_PIPELINE) as life:
        reason, message = await life.visit()
        assert reason == "AwaitingFirstImage", message
        assert life.service()["desiredCount"] == 0

        one = life.push("one")
        await life.visit()
        reason, message = await life.visit()
        assert reason in {"Applied", "InSync"}, message
        assert (life.image(), life.service()["desiredCount"]) == (one, 2)

        two = life.push("two")
        life.deploy(two)
        definition = life.runs()["taskDefinitionArn"]
        reason, message = await life.visit()
        assert (reason, life.record.sync) in {("Applied", "InSync"), ("InSync", "InSync")}, message
        assert life.runs()["taskDefinitionArn"] == definition, "there was nothing to do"

        three = life.push("three")
        life.terraform.after_plan = lambda: life.deploy(three)
        await life.change(BY_PIPELINE.replace("cpu: 256\n  memory: 512", "cpu: 512\n  memory: 1024"))
        await life.visit()
        assert (life.image(), life.runs()["cpu"]) == (three, "512"), "planned again with what runs now"

        aws.fail_deployments(life.cluster, life.key.name)
        await life.change(BY_PIPELINE.replace("cpu: 256\n  memory: 512", "cpu: 1024\n  memory: 2048"))
        await life.visit()
        reason, message = await life.look()
        assert (reason, life.record.health) == ("RolledBack", Health.DEGRADED), message
        assert life.runs()["cpu"] == "512", "the circuit breaker put it back"
        before = life.runs()["taskDefinitionArn"]
        reason, _ = await life.look()
        assert (reason, life.record.health) == ("RolledBack", Health.DEGRADED)
        assert life.runs()["taskDefinitionArn"] == before, "the same failure is not tried again"


async def test_a_migration_goes_before_the_deployment_and_stops_it_when_it_fails(
    tmp_path: Path, aws: standin.StandIn, platform: Mapping[str, Any]
) -> None:
    async with begin(tmp_path, aws, platform, BY_GIT + MIGRATE) as life:
        assert (await life.visit())[0] == "AwaitingFirstImage"
        assert life.first_tasks() == 0, "there is nothing to migrate for"

        one = life.push("one")
        aws.fail_deployments(life.cluster, f"develop-{life.key.name}-pre-deployment")
        reason, message = await life.visit()
        assert reason == "ApplyFailed"
        assert "the pre-deployment task ended with exit code 1" in message
        assert f"in /ecs/develop/{life.key.name}" in message
        assert life.image().endswith(":awaiting-first-image"), "nothing was deployed"

        aws.allow_deployments()
        await life.visit()
        assert (life.image(), life.first_tasks()) == (one, 2)
        await life.visit()
        assert life.first_tasks() == 2, "without a deployment nothing goes first"

        await life.change((BY_GIT + MIGRATE).replace("tag: one", "tag: two"))
        reason, message = await life.visit()
        assert (reason, life.image()) == ("InvalidConfiguration", one), "a tag that was not pushed changes nothing"
        assert f"image develop/{life.key.name}:two is not in its registry" in message
        assert life.first_tasks() == 2

        await life.change(BY_GIT + MIGRATE)
        life.expire("one")
        await life.visit()
        assert (life.record.sync, life.retention()) == (Sync.IN_SYNC, 30), "nothing has to be deployed"
        aws.client("logs").put_retention_policy(logGroupName=f"/ecs/develop/{life.key.name}", retentionInDays=1)
        await life.visit()
        assert (life.record.sync, life.retention()) == (Sync.DRIFTED, 1)
        await life.visit()
        assert (life.record.sync, life.retention()) == (Sync.IN_SYNC, 30), "drift is repaired without a deployment"
        await life.change(BY_GIT + MIGRATE + "  env: {LEVEL: high}\n")
        reason, message = await life.visit()
        assert (reason, life.image(), life.record.sync) == ("InvalidConfiguration", one, Sync.PENDING)
        assert f"image develop/{life.key.name}:one is not in its registry: never pushed, or expired" in message


async def test_a_renamed_manifest_keeps_its_service(
    tmp_path: Path, aws: standin.StandIn, platform: Mapping[str, Any]
) -> None:
    async with begin(tmp_path, aws, platform, RENAMED) as life:
        await life.visit()
        life.push("one")
        await life.visit()
        before, former, called = life.service(), life.key, aws.last_request()
        await life.rename(RENAMED, f"n{former.name[1:]}")
        reason, message = await life.visit()
        assert (reason, life.record.sync) in {("InSync", "InSync"), ("Applied", "InSync")}, message
        calls = {
            call["operation"] for call in aws.requests(called) if call["service"] in {"ecs", "ecr", "iam", "elbv2"}
        }
        assert not {name for name in calls if name.startswith(("Create", "Delete", "Update", "Put", "Register"))}
        ecs = aws.client("ecs")
        (after,) = ecs.describe_services(cluster=life.cluster, services=[former.name])["services"]
        assert (after["serviceArn"], after["createdAt"]) == (before["serviceArn"], before["createdAt"])
        assert after["taskDefinition"] == before["taskDefinition"]
        await reconcile(former, life.world)
        assert former not in life.world.records, "nothing is left of the old name"


async def test_a_secret_that_does_not_exist_is_named_before_anything_is_applied(
    tmp_path: Path, aws: standin.StandIn, platform: Mapping[str, Any]
) -> None:
    async with begin(tmp_path, aws, platform, WITH_SECRET) as life:
        reason, message = await life.visit()
        assert reason == "InvalidConfiguration"
        assert message == "not applied: secret life/url does not exist, in develop (123456789012, eu-central-1)"
        assert life.record.applied_at is None
        aws.client("secretsmanager").create_secret(Name="life/url", SecretString="x")
        assert (await life.visit())[0] == "AwaitingFirstImage"
