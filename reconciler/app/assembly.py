"""Assemble the daemon: observers, world and controller, from the settings and the edges.

Metrics and notifications read the controller when they are asked, and Terraform reports to the metrics while it runs.
All of that happens after the assembly, so they share `_Running`, which is complete when `assemble` returns.
"""

import asyncio
import os
import random
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from reconciler.app import parts, rules
from reconciler.app.observers import Observers
from reconciler.app.slack import notifications
from reconciler.config.models import Settings
from reconciler.core.ports.store import TreeArchive
from reconciler.core.redaction.redactor import Redactor
from reconciler.edges.aws.clients import AwsClients
from reconciler.edges.aws.cloudtrail import CloudTrailAttribution
from reconciler.edges.aws.ecs import EcsLive
from reconciler.edges.aws.job_runs import StateMachineRuns
from reconciler.edges.aws.one_off import EcsOneOffTasks
from reconciler.edges.aws.pre_deployment import EcsFirstTasks
from reconciler.edges.aws.prerequisites import AwsPrerequisites
from reconciler.edges.aws.task_protection import TaskProtection
from reconciler.edges.slack.notifications import Notifications, Sources
from reconciler.edges.source.apart import SnapshotBuilder
from reconciler.edges.state.listing import S3States
from reconciler.edges.state.locks import StateLocks, whoami
from reconciler.edges.store.dynamodb import DynamoStore
from reconciler.edges.store.sqlite import SqliteStore
from reconciler.edges.telemetry.logs import log
from reconciler.edges.telemetry.metrics import Build, DiskUsage, Metrics, Now
from reconciler.edges.telemetry.provider_metrics import ProviderWatch
from reconciler.edges.terraform.cli import TerraformCli
from reconciler.edges.terraform.warm import WarmRuns
from reconciler.edges.upkeep import DiskUpkeep
from reconciler.engine.controller import Controller
from reconciler.engine.freezes import Freezing
from reconciler.engine.intake import Intake
from reconciler.engine.records import Records
from reconciler.engine.world import World

_PASSES_PER_RUN = 4
VERSION = version("ecs-gitops-reconciler")


@dataclass(frozen=True, slots=True)
class Edges:
    """The edges with a lifetime of their own. `aws` calls the environments' accounts, `own` the daemon's."""

    redactor: Redactor
    store: SqliteStore | DynamoStore
    aws: AwsClients
    own: AwsClients
    warm: WarmRuns | None
    watch: ProviderWatch | None


@dataclass(frozen=True, slots=True)
class Daemon:
    """The daemon, ready to run."""

    controller: Controller
    metrics: Metrics
    notifications: Notifications | None


@dataclass(slots=True)
class _Running:
    metrics: Metrics = field(init=False)
    controller: Controller = field(init=False)


def assemble(settings: Settings, edges: Edges) -> Daemon:
    """Connect engine and edges. Raises: ProcessFailed without a usable terraform, SourceFailed for a bad URL."""
    running = _Running()
    trees = parts.trees(settings, edges.own)
    terraform = _terraform(settings, edges, trees, running)
    running.metrics = _metrics(settings, edges, terraform.version, running)
    notifier = _notifications(settings, edges, running)
    world = _world(settings, edges, trees, terraform, Observers(running.metrics, notifier))
    workers = _runs_at_once(settings, edges.watch) * _PASSES_PER_RUN
    running.controller = Controller(world, parts.source(settings), Intake(world, SnapshotBuilder()), workers=workers)
    return Daemon(running.controller, running.metrics, notifier)


def _terraform(settings: Settings, edges: Edges, trees: TreeArchive, running: _Running) -> TerraformCli:
    return parts.terraform(
        settings,
        trees,
        work=settings.data / "work",
        warm=edges.warm,
        redact=edges.redactor.text,
        on_phase=lambda name, seconds: running.metrics.phase(name, seconds),
        on_run=lambda command, result: running.metrics.ran(command, result),
        warn=lambda message: log("terraform_warning", level="warning", message=message),
    )


def _metrics(settings: Settings, edges: Edges, terraform_version: str, running: _Running) -> Metrics:
    now = Now(
        records=lambda: running.controller.world.records.values(),
        source=lambda: running.controller.source_status,
        beat=lambda: running.controller.beat(),
        provider=lambda: edges.watch.view if edges.watch else None,
        disk=lambda: _disk(settings.data),
        frozen=lambda: {name: running.controller.world.freezing.of(name) is not None for name in settings.environments},
        floors=lambda: {name: where.floor for name, where in running.controller.world.environments.items()},
    )
    origin = edges.redactor.text(settings.git.url or str(settings.git.directory))
    return Metrics(now, Build(VERSION, terraform_version, origin, settings.git.branch))


def _disk(data: Path) -> DiskUsage | None:
    try:
        usage = shutil.disk_usage(data)
    except OSError:
        return None
    return DiskUsage(usage.total, usage.free)


def _notifications(settings: Settings, edges: Edges, running: _Running) -> Notifications | None:
    sources = Sources(
        records=lambda: running.controller.world.records,
        source=lambda: running.controller.source_status,
        ready=lambda: running.controller.beat().ready,
        now=_now,
    )
    redact = edges.redactor.text
    return notifications(settings, edges.store, sources, count=running.metrics.notified, redact=redact)


def _world(
    settings: Settings, edges: Edges, trees: TreeArchive, terraform: TerraformCli, observers: Observers
) -> World:
    aws, store, redactor, limits = edges.aws, edges.store, edges.redactor, rules.limits(settings)
    reports = parts.reports(settings, edges.own)
    return World(
        terraform=terraform,
        live=EcsLive(aws),
        prerequisites=AwsPrerequisites(aws),
        first_tasks=EcsFirstTasks(aws),
        tasks=EcsOneOffTasks(aws),
        runs=StateMachineRuns(aws),
        locks=StateLocks(aws, parts.state(settings), work=settings.data / "work", me=whoami()),
        store=store,
        records=Records(
            store,
            reports,
            observers,
            redactor,
            now=_now,
            retry_limit=limits.retry_limit,
            audit_retention=settings.audit.retention,
        ),
        trees=trees,
        observer=observers,
        redactor=redactor,
        environments=rules.environments(settings),
        limits=limits,
        now=_now,
        rng=random.Random(),  # noqa: S311 - jitter, not a secret
        admission=asyncio.Semaphore(_runs_at_once(settings, edges.watch)),
        protection=TaskProtection(
            os.environ.get("ECS_AGENT_URI"),
            warn=lambda message: log("task_protection_warning", level="warning", message=message),
        ),
        freezing=Freezing(store),
        attribution=CloudTrailAttribution(aws) if settings.drift.attribution else None,
        judge=parts.judge(settings, settings.data / "work"),
        states=S3States(aws, parts.state(settings)),
        tenants=settings.tenancy(),
        upkeep=DiskUpkeep(settings.data / "trees", settings.data / "work"),
    )


def _runs_at_once(settings: Settings, watch: ProviderWatch | None) -> int:
    """Return the configured number of Terraform runs, else what cores and memory allow.

    The warm provider measures that. Any run may come to an apply, and an apply needs a provider process of its own, so
    the number of applies is what counts.
    """
    status: Mapping[str, Any] | None = watch.view.status if watch else None
    if settings.terraform.concurrency or status is None:
        return settings.terraform.workers
    return int(status["admission"]["applies"])


def _now() -> datetime:
    return datetime.now(UTC)
