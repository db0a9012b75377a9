"""A platform and two services, kept by the daemon's own engine and edges in this process, with a clock of the test's.

Everything but the clock is real: Terraform on the warm provider, the roots, states in S3, the SQLite store, ECS as the
stand-in plays it, which holds engine and Terraform to the roles that `deploy/ecs` ships. A test that moves the clock
and asks for visits does in seconds what the daemon does in hours.
"""

import asyncio
import json
import os
import random
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from deploy.local.standin import StandIn
from desired_state.instance import Key
from reconciler.app import parts, rules
from reconciler.config.load import load
from reconciler.config.models import Settings
from reconciler.core.ports.source import Revision
from reconciler.core.record.model import Pass, Record
from reconciler.core.vocabulary import Reason
from reconciler.edges.aws.clients import AwsClients
from reconciler.edges.aws.ecs import EcsLive
from reconciler.edges.aws.pre_deployment import EcsFirstTasks
from reconciler.edges.aws.prerequisites import AwsPrerequisites
from reconciler.edges.state.listing import S3States
from reconciler.edges.state.locks import StateLocks, whoami
from reconciler.edges.store.reports import DirectoryReports
from reconciler.edges.store.sqlite import SqliteStore
from reconciler.edges.store.trees import DirectoryTrees
from reconciler.edges.terraform.cli import TerraformCli
from reconciler.engine.intake import Intake
from reconciler.engine.passes.reconcile import reconcile
from reconciler.engine.records import Records
from reconciler.engine.world import World
from tests import roles
from tests.standins import make_state_bucket

ACCOUNT = roles.ACCOUNT
PROJECT = Path(__file__).resolve().parents[2]
PLATFORM, ORDERS, LEDGER = (Key("develop", name) for name in ("platform", "orders", "ledger"))
# The rollout of an apply goes on after it, and is no part of these stories.
_LIVES = frozenset({Reason.APPLIED, Reason.IN_SYNC, Reason.PROGRESSING, Reason.AWAITING_FIRST_IMAGE})

_PLATFORM = """
apiVersion: reconciler/v1
kind: Platform
metadata: {{name: platform}}
spec:
  environments: [develop]
  network: {{cidr: 10.10.0.0/16, availabilityZones: [eu-central-1a, eu-central-1b, eu-central-1c], nat: single}}
  alb: {{certificateArn: "{certificate}"}}
  tags: {{owner: platform-team, costCenter: "4711", compliance: internal}}
"""
_SERVICE = """
apiVersion: reconciler/v1
kind: Service
metadata: {{name: {name}, labels: {{team: shop}}}}
spec:
  environments: [develop]
  type: {kind}
  runtime: nodejs
  repository: acme/{name}
  image: {{tag: 3f9c2d1}}
  cpu: 256
  memory: 512
  port: 8080
  scaling: {{min: 2, max: 6}}
  healthCheck: {{path: /healthz}}
  env: {{LOG_LEVEL: info}}
  {routing}
"""


class Nobody:
    """Nobody is told anything."""

    def record_changed(self, old: Record | None, new: Record | None, *, commit_at: datetime | None) -> None: ...

    def pass_ended(self, finished: Pass) -> None: ...

    def visit_started(self, seconds: float) -> None: ...

    def phase(self, name: str, seconds: float) -> None: ...

    def crashed(self, part: str, **fields: Any) -> None: ...

    def log(self, event: str, **fields: Any) -> None: ...


class Unprotected:
    """Nobody would end this process."""

    @asynccontextmanager
    async def during_apply(self) -> AsyncIterator[None]:
        yield


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def service(name: str, routing: str, *, kind: str = "public") -> str:
    """Return the manifest of a service."""
    return _SERVICE.format(name=name, kind=kind, routing=routing)


@dataclass
class Fleet:
    """The instances, and the clock they live by."""

    world: World
    aws: StandIn
    folder: Path
    bucket: str
    _clock: Clock
    _terraform: Callable[[Settings], TerraformCli]
    _commits: int = 0

    @cached_property
    def _platform(self) -> str:
        """The manifest of the platform, with a certificate of this account."""
        certificate = self.aws.client("acm").request_certificate(DomainName="develop.example.com")["CertificateArn"]
        return _PLATFORM.format(certificate=certificate)

    @property
    def clock(self) -> datetime:
        """The time it is."""
        return self._clock.now

    def configure(self, *, state: Mapping[str, Any] = {}, where: Mapping[str, Any] = {}) -> None:
        """Change settings of the states and of the environment, as a restart with another configuration does."""
        file = self.folder / "reconciler.yaml"
        document = yaml.safe_load(file.read_text())
        document["state"].update(state)
        document["environments"]["develop"].update(where)
        file.write_text(yaml.safe_dump(document))
        settings, clients = _settings(self.folder), AwsClients()
        self.world.terraform = self._terraform(settings)
        self.world.states = S3States(clients, parts.state(settings))
        self.world.locks = StateLocks(clients, parts.state(settings), work=settings.data / "work", me=whoami())
        self.world.environments = rules.environments(settings)

    async def visit(self, key: Key, *, after: timedelta = timedelta(minutes=40)) -> Record:
        """A pass over one instance, so much later; by default late enough for a look at drift."""
        self._clock.now += after
        await reconcile(key, self.world)
        return self.world.records[key]

    async def second_look(self, key: Key) -> Record:
        """The look that confirms drift, and with which healing begins."""
        return await self.visit(key, after=self.world.limits.pace.confirm)

    async def begin(self) -> None:
        """Make everything there is; the services with an image that their pipeline pushed."""
        await self.accept(
            orders=service("orders", 'routing: {paths: ["/orders", "/orders/*"], priority: 120}'),
            ledger=service("ledger", "", kind="internal"),
        )
        await self.make(ORDERS, LEDGER)

    async def accept(self, **services: str) -> None:
        """Take in a commit with the platform and these manifests of services, by name."""
        self._commits += 1
        texts = {"platform": self._platform, **services}
        roots = await asyncio.to_thread(parts.terraform_tree, _settings(self.folder))
        files = {f"{name}.yaml": text.encode() for name, text in texts.items()}
        snapshot, _ = await Intake(self.world).accept(Revision(f"c{self._commits}", self.clock, files, roots))
        assert snapshot.problems == ()

    async def make(self, *services: Key) -> None:
        """Apply the platform and these services; each with an image that its pipeline pushed."""
        await self._settle(PLATFORM)
        await asyncio.gather(*map(self._settle, services))
        for key in services:
            await asyncio.to_thread(self._push_image, key.name)
        await asyncio.gather(*map(self._settle, services))

    async def _settle(self, key: Key) -> None:
        record = await self.visit(key)
        assert record.reason in _LIVES, (record.reason, record.conditions)

    def _push_image(self, name: str) -> None:
        kind = "application/vnd.oci.image.manifest.v1+json"
        config = {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 2, "digest": f"sha256:{'0' * 64}"}
        image = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": []}
        self.aws.client("ecr").put_image(
            repositoryName=f"develop/{name}",
            imageManifest=json.dumps(image),
            imageManifestMediaType=kind,
            imageTag="3f9c2d1",
        )


@asynccontextmanager
async def fleet(
    aws: StandIn, folder: Path, *, lock_table: str | None = None, own: Mapping[str, str] = {}
) -> AsyncIterator[Fleet]:
    """An engine on its edges, with everything under `folder`; `own` as for `roles.give`."""
    bucket = f"states-{uuid.uuid4().hex[:10]}"
    make_state_bucket(aws, bucket)
    credentials = roles.give(aws, bucket=bucket, locks=lock_table or "locks", own=own)
    (folder / "reconciler.yaml").write_text(yaml.safe_dump(_configuration(aws, bucket, lock_table)))
    settings = _settings(folder)
    clients, store = AwsClients(), SqliteStore(settings.store.path)
    trees, redactor = DirectoryTrees(settings.data / "trees"), parts.redactor(settings)
    with patch.dict(os.environ, credentials):
        async with parts.warm_runs(settings, parts.provider_directory(settings.data)) as warm:

            def terraform(now: Settings) -> TerraformCli:
                runners.append(parts.terraform(now, trees, work=now.data / "work", warm=warm, redact=redactor.text))
                return runners[-1]

            clock, runners = Clock(), list[TerraformCli]()
            world = World(
                terraform=terraform(settings),
                live=EcsLive(clients),
                prerequisites=AwsPrerequisites(clients),
                first_tasks=EcsFirstTasks(clients),
                locks=StateLocks(clients, parts.state(settings), work=settings.data / "work", me=whoami()),
                store=store,
                trees=trees,
                records=Records(store, DirectoryReports(settings.reports.path), Nobody(), redactor, now=clock),
                observer=Nobody(),
                redactor=redactor,
                environments=rules.environments(settings),
                limits=rules.limits(settings),
                now=clock,
                rng=random.Random(1),
                admission=asyncio.Semaphore(2),
                protection=Unprotected(),
                states=S3States(clients, parts.state(settings)),
            )
            try:
                yield Fleet(world, aws, folder, bucket, clock, terraform)
            finally:
                for runner in runners:
                    await runner.close()
                await store.close()
                clients.close()


def _settings(folder: Path) -> Settings:
    return load(folder / "reconciler.yaml")


def _configuration(aws: StandIn, bucket: str, lock_table: str | None) -> dict[str, Any]:
    where = {"account": ACCOUNT, "region": aws.region, "tier": "develop", "endpoint": aws.endpoint, "role": roles.ROLE}
    return {
        "data": "data",
        "git": {"directory": "manifests"},
        "terraform": {"source": {"path": str(PROJECT / "terraform")}},
        "state": {"bucket": bucket, "lock_table": lock_table},
        "environments": {"develop": where},
    }
