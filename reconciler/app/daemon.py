"""The daemon: parts put together, signals, and the order in which things stop.

On SIGTERM or SIGINT no new visit starts, plans are interrupted, applies are waited for, records are written, and the
API goes last. A second signal changes nothing: the stop is already bounded.
"""

import asyncio
import os
import random
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from reconciler.app import parts, rules
from reconciler.app.observers import Observers
from reconciler.app.slack import notifications
from reconciler.config import Settings
from reconciler.core.ports.store import Freezes, Store, Threads
from reconciler.core.redaction.redactor import Redactor
from reconciler.edges.aws.clients import PATIENT, AwsClients
from reconciler.edges.aws.cloudtrail import CloudTrailAttribution
from reconciler.edges.aws.ecs import EcsLive
from reconciler.edges.aws.pre_deployment import EcsFirstTasks
from reconciler.edges.aws.prerequisites import AwsPrerequisites
from reconciler.edges.aws.task_protection import TaskProtection
from reconciler.edges.slack.notifications import Notifications, Sources
from reconciler.edges.state.listing import S3States
from reconciler.edges.state.locks import StateLocks, whoami
from reconciler.edges.telemetry.logs import configure as configure_logs
from reconciler.edges.telemetry.logs import log
from reconciler.edges.telemetry.metrics import Build, Metrics, Now
from reconciler.edges.telemetry.provider_metrics import ProviderWatch
from reconciler.edges.terraform.warm import WarmRuns
from reconciler.engine.control import EngineControl
from reconciler.engine.controller import Controller
from reconciler.engine.freezes import Freezing
from reconciler.engine.intake import Intake
from reconciler.engine.world import World
from reconciler.provider.client import WarmProvider
from reconciler.web.api.routes import make_app
from reconciler.web.server import serve as serve_http

_PASSES_PER_RUN = 4
VERSION = version("ecs-gitops-reconciler")


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises: StoreFailed, AddressTaken, ProcessFailed when it cannot start."""
    redactor = parts.redactor(settings)
    as_json = None if settings.logs.format == "auto" else settings.logs.format == "json"
    configure_logs(settings.logs.level, redactor, json=as_json)
    async with AsyncExitStack() as stack:
        aws = AwsClients()
        stack.callback(aws.close)
        own = AwsClients(settings=PATIENT)
        stack.callback(own.close)
        store = parts.store(settings, own)
        stack.push_async_callback(store.close)
        await store.open()
        warm = await stack.enter_async_context(parts.warm_runs(settings, parts.provider_directory(settings.data)))
        watch = ProviderWatch(WarmProvider(parts.provider_directory(settings.data)).status) if warm else None
        if watch:
            await stack.enter_async_context(watch.running())
        daemon = _assemble(settings, redactor, store, store, store, aws, own, warm=warm, watch=watch)
        await daemon.controller.world.freezing.load()
        token = settings.auth.token.get_secret_value() if settings.auth.token else None
        app = make_app(
            EngineControl(daemon.controller),
            metrics=daemon.metrics.render,
            token=token,
            version=VERSION,
            redact=redactor.value,
        )
        http = settings.http
        listening = await stack.enter_async_context(serve_http(app, host=http.host, port=http.port, socket=http.socket))
        if daemon.notifications:
            await stack.enter_async_context(daemon.notifications.running())
        stop = _stop_on_signals()
        log("started", version=VERSION, host=listening.host, port=listening.port, socket=str(listening.socket))
        await daemon.controller.run(stop, drain=settings.stop.drain)
    log("stopped")


@dataclass(frozen=True, slots=True)
class _Daemon:
    controller: Controller
    metrics: Metrics
    notifications: Notifications | None


def _assemble(
    settings: Settings,
    redactor: Redactor,
    store: Store,
    threads: Threads,
    freezes: Freezes,
    aws: AwsClients,
    own: AwsClients,
    *,
    warm: WarmRuns | None,
    watch: ProviderWatch | None,
) -> _Daemon:
    """Put the engine on its edges. Metrics read the controller at scrape time, when all of this exists."""
    trees = parts.trees(settings, own)
    at_once = _runs_at_once(settings, watch.view.status if watch else None)
    terraform = parts.terraform(
        settings,
        trees,
        work=settings.data / "work",
        warm=warm,
        redact=redactor.text,
        on_phase=lambda name, seconds: metrics.phase(name, seconds),
        on_run=lambda command, result: metrics.ran(command, result),
        warn=lambda message: log("terraform_warning", level="warning", message=message),
    )
    metrics = Metrics(
        Now(
            records=lambda: world.records.values(),
            source=lambda: controller.source_status,
            beat=lambda: controller.beat(),
            provider=lambda: watch.view if watch else None,
            frozen=lambda: {name: world.freezing.of(name) is not None for name in settings.environments},
        ),
        Build(
            VERSION,
            terraform.version,
            redactor.text(settings.git.url or str(settings.git.directory)),
            settings.git.branch,
        ),
    )
    telling = notifications(
        settings,
        threads,
        Sources(
            records=lambda: world.records,
            source=lambda: controller.source_status,
            ready=lambda: controller.beat().ready,
            now=lambda: datetime.now(UTC),
        ),
        count=metrics.notified,
        redact=redactor.text,
    )
    world = World(
        terraform=terraform,
        live=EcsLive(aws),
        prerequisites=AwsPrerequisites(aws),
        first_tasks=EcsFirstTasks(aws),
        locks=StateLocks(aws, parts.state(settings), work=settings.data / "work", me=whoami()),
        store=store,
        trees=trees,
        observer=Observers(metrics, telling),
        reports=parts.reports(settings, own),
        redactor=redactor,
        environments=rules.environments(settings),
        limits=rules.limits(settings),
        now=lambda: datetime.now(UTC),
        rng=random.Random(),  # noqa: S311 - jitter, not a secret
        admission=asyncio.Semaphore(at_once),
        protection=TaskProtection(
            os.environ.get("ECS_AGENT_URI"),
            warn=lambda message: log("task_protection_warning", level="warning", message=message),
        ),
        freezing=Freezing(freezes),
        attribution=CloudTrailAttribution(aws) if settings.drift.attribution else None,
        judge=parts.judge(settings, settings.data / "work"),
        states=S3States(aws, parts.state(settings)),
    )
    controller = Controller(world, parts.source(settings), Intake(world), workers=at_once * _PASSES_PER_RUN)
    return _Daemon(controller, metrics, telling)


def _runs_at_once(settings: Settings, provider: Mapping[str, Any] | None) -> int:
    """What is set; else what cores and memory allow, as the warm provider measures them. Any run may come to apply,
    and an apply needs a provider process of its own, so it is the number of applies that counts."""
    if settings.terraform.concurrency or provider is None:
        return settings.terraform.workers
    return int(provider["admission"]["applies"])


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
