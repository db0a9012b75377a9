"""One service under the engine itself: real Terraform, real edges, the AWS stand-in; only the clock of visits is ours.

The platform is there already and was applied by somebody else: making one takes minutes. The engine and Terraform have
the roles that `deploy/ecs` ships.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from deploy.local.standin import StandIn
from desired_state.files.tree import tree_id
from desired_state.instance import Instance, Key
from reconciler.core.environment import Environment
from reconciler.core.ports.terraform import Run, Workspace
from reconciler.core.record.model import Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.schedule.next_visit import Pace
from reconciler.core.status.advance import first
from reconciler.core.status.events import Accepted, ReconcileRequested, Removed
from reconciler.edges.aws.clients import AwsClients
from reconciler.edges.aws.ecs import EcsLive
from reconciler.edges.aws.pre_deployment import EcsFirstTasks
from reconciler.edges.aws.prerequisites import AwsPrerequisites
from reconciler.edges.aws.task_protection import TaskProtection
from reconciler.edges.state.listing import S3States
from reconciler.edges.state.locks import StateLocks, whoami
from reconciler.edges.state.settings import StateSettings
from reconciler.edges.store.reports import DirectoryReports
from reconciler.edges.store.sqlite import SqliteStore
from reconciler.edges.store.trees import DirectoryTrees, read_tree
from reconciler.edges.terraform.cli import TerraformCli
from reconciler.edges.terraform.plugins import configure, find_mirrors
from reconciler.edges.terraform.sessions import Sessions
from reconciler.edges.terraform.warm import WarmRuns
from reconciler.engine.passes.reconcile import reconcile
from reconciler.engine.records import Records
from reconciler.engine.world import Limits, World
from reconciler.provider.client import WarmProvider
from tests import roles
from tests.core.instances import PLATFORM as PLATFORM_TEXT
from tests.core.instances import applied, instance
from tests.patience import PATIENCE
from tests.terraform.inputs import ACCOUNT, REGION
from tests.terraform.runs import find_terraform
from tests.terraform.workbench import SOURCE

OCI = "application/vnd.oci.image.manifest.v1+json"
OWN = ("family", "networkMode", "cpu", "memory", "executionRoleArn", "taskRoleArn", "containerDefinitions", "volumes",
       "requiresCompatibilities", "runtimePlatform")  # fmt: skip


class Silent:
    """An observer that keeps nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


@dataclass
class Interrupting:
    """Terraform, with something that happens in the world right after the next plan."""

    terraform: TerraformCli
    after_plan: Callable[[], None] | None = None

    @property
    def version(self) -> str:
        return self.terraform.version

    @asynccontextmanager
    async def workspace(self, run: Run) -> AsyncIterator[Workspace]:
        async with self.terraform.workspace(run) as workspace:
            plan = workspace.plan

            async def interrupted(*, destroy: bool = False) -> Mapping[str, Any]:
                document = await plan(destroy=destroy)
                happens, self.after_plan = self.after_plan, None
                if happens:
                    happens()
                return document

            workspace.plan = interrupted  # type: ignore[method-assign]  # what happens between plan and apply
            yield workspace


@dataclass
class Life:
    """A service from its first visit on. `visit` is one pass of the engine."""

    aws: StandIn
    world: World
    terraform: Interrupting
    cluster: str
    key: Key
    pushed: list[str] = field(default_factory=list)

    @property
    def record(self) -> Record:
        return self.world.records[self.key]

    @property
    def headline(self) -> tuple[str, str]:
        """The reason that people read first, and its message."""
        (ready,) = (c for c in self.record.conditions.values() if c.type == "Ready")
        return str(ready.reason), ready.message

    async def visit(self) -> tuple[str, str]:
        await self.world.records.advance(self.key, ReconcileRequested())
        await reconcile(self.key, self.world)
        return self.headline

    async def look(self) -> tuple[str, str]:
        """A visit that nobody asked for, as the engine makes while it watches a rollout."""
        await reconcile(self.key, self.world)
        return self.headline

    async def change(self, text: str) -> None:
        """Another manifest was pushed."""
        await self.world.records.advance(self.key, Accepted(self._named(text), uuid.uuid4().hex))

    async def rename(self, text: str, name: str) -> None:
        """Its manifest got another name, and says which one it had."""
        former, self.key = self.key, Key(self.key.environment, name)
        await self.world.records.begin(first(replace(self._named(text), former=former.name), uuid.uuid4().hex))
        await self.world.records.advance(former, Removed(f"it was renamed to {name}", name))

    def begin(self, text: str) -> Record:
        return first(self._named(text), "c1")

    def _named(self, text: str) -> Instance:
        found = instance(text, tree_id=tree_id(read_tree(SOURCE)))
        return replace(found, key=self.key)

    def expire(self, tag: str) -> None:
        """Delete the tag, as a lifecycle policy does."""
        self.aws.client("ecr").batch_delete_image(
            repositoryName=f"develop/{self.key.name}", imageIds=[{"imageTag": tag}]
        )

    def retention(self) -> Any:
        name = f"/ecs/develop/{self.key.name}"
        (group,) = self.aws.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        return group["retentionInDays"]

    def push(self, tag: str) -> str:
        manifest = {"schemaVersion": 2, "config": {"digest": f"sha256:{uuid.uuid4().hex * 2}"}}
        self.aws.client("ecr").put_image(
            repositoryName=f"develop/{self.key.name}", imageManifest=json.dumps(manifest),
            imageManifestMediaType=OCI, imageTag=tag,
        )  # fmt: skip
        return f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/develop/{self.key.name}:{tag}"

    def runs(self) -> Mapping[str, Any]:
        """The task definition that the service is at."""
        service = self.service()
        found: Mapping[str, Any] = self.aws.client("ecs").describe_task_definition(
            taskDefinition=service["taskDefinition"]
        )["taskDefinition"]
        return found

    def image(self) -> str:
        """The image of the service's own container."""
        (own,) = (one for one in self.runs()["containerDefinitions"] if one["name"] == self.key.name)
        return str(own["image"])

    def service(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.aws.client("ecs").describe_services(
            cluster=self.cluster, services=[self.key.name]
        )["services"][0]
        return found

    def deploy(self, image: str) -> None:
        """Do as CodePipeline's ECS action."""
        definition = dict(self.runs())
        for container in definition["containerDefinitions"]:
            if container["name"] == self.key.name:
                container["image"] = image
        ecs = self.aws.client("ecs")
        tags = ecs.describe_task_definition(taskDefinition=definition["taskDefinitionArn"], include=["TAGS"])["tags"]
        again = {name: definition[name] for name in OWN}
        revision = ecs.register_task_definition(**again, tags=tags)["taskDefinition"]["taskDefinitionArn"]
        ecs.update_service(cluster=self.cluster, service=self.key.name, taskDefinition=revision)

    def first_tasks(self) -> int:
        """Return how many pre-deployment tasks have run."""
        family = f"develop-{self.key.name}-pre-deployment"
        ecs = self.aws.client("ecs")
        return sum(
            len(ecs.list_tasks(cluster=self.cluster, family=family, desiredStatus=status)["taskArns"])
            for status in ("RUNNING", "STOPPED")
        )


@asynccontextmanager
async def begin(folder: Path, aws: StandIn, platform: Mapping[str, Any], text: str) -> AsyncIterator[Life]:
    """A service that the engine sees for the first time, on a platform that is there."""
    acting = patch.dict(os.environ, roles.give(aws, bucket="no-states", locks="no-locks"))
    acting.start()
    where = Environment("develop", "develop", ACCOUNT, REGION, role=roles.ROLE, endpoint=aws.endpoint)
    trees, clients = DirectoryTrees(folder / "trees"), AwsClients()
    tree = read_tree(SOURCE)
    await trees.put(tree_id(tree), tree)
    mirrors = find_mirrors(os.environ)
    sockets = Path(tempfile.mkdtemp(prefix="warm-"))
    provider = await WarmProvider.start(sockets, ready_seconds=PATIENCE)
    terraform = Interrupting(
        TerraformCli(
            find_terraform(),
            work=folder / "work",
            trees=trees,
            state=None,
            plugins=configure(folder / "cli", mirrors),
            environment={name: os.environ[name] for name in ("PATH", "HOME", *aws.environment())},
            drain=timedelta(minutes=2),
            grace=timedelta(seconds=30),
            warm=WarmRuns(provider, mirrors),
            sessions=Sessions(),
        )
    )
    store, redactor = SqliteStore(folder / "records.sqlite"), Redactor(b"life")
    world = World(
        terraform=terraform,
        live=EcsLive(clients),
        prerequisites=AwsPrerequisites(clients),
        first_tasks=EcsFirstTasks(clients, poll=timedelta(milliseconds=100)),
        locks=StateLocks(clients, StateSettings(bucket="states-{account}"), work=folder / "work", me=whoami()),
        store=store,
        trees=trees,
        records=Records(store, DirectoryReports(folder / "reports"), Silent(), redactor, now=lambda: datetime.now(UTC)),
        observer=Silent(),
        redactor=redactor,
        environments={"develop": where},
        limits=Limits(pace=Pace(confirm=timedelta(0))),
        now=lambda: datetime.now(UTC),
        rng=random.Random(1),
        admission=asyncio.Semaphore(1),
        states=S3States(clients, StateSettings(bucket="states-{account}")),
        protection=TaskProtection(None, warn=print),
    )
    key = Key("develop", f"s{uuid.uuid4().hex[:8]}")
    life = Life(aws, world, terraform, str(platform["cluster"]["name"]), key)
    stands = applied(PLATFORM_TEXT).replace(outputs={"platform": dict(platform)}, intent=None)
    try:
        await world.records.begin(stands)
        await world.records.begin(life.begin(text))
        yield life
    finally:
        acting.stop()
        await terraform.terraform.close()
        await store.close()
        clients.close()
        await provider.stop()
        shutil.rmtree(sockets, ignore_errors=True)
