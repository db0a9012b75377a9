"""The daemon's life: start, serve, and stop in order.

On SIGTERM or SIGINT no new visit starts, plans are interrupted, applies are waited for, records are written, and the
API goes last. A second signal changes nothing: the stop is already bounded.
"""

import asyncio
import signal
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from reconciler.app import parts
from reconciler.app.access import access, certificate, warnings
from reconciler.app.assembly import VERSION, Daemon, Edges, assemble
from reconciler.config.data import own_data_folder
from reconciler.config.models import Settings
from reconciler.config.openings import NO_TENANTS
from reconciler.core.redaction.redactor import Redactor
from reconciler.edges.aws.clients import PATIENT, AwsClients
from reconciler.edges.process.descriptors import Descriptors, raise_limit
from reconciler.edges.telemetry.logs import configure as configure_logs
from reconciler.edges.telemetry.logs import log
from reconciler.edges.telemetry.provider_metrics import ProviderWatch
from reconciler.engine.control import EngineControl
from reconciler.provider.client import WarmProvider
from reconciler.web.api.routes import make_app
from reconciler.web.connections import ConnectionLimits
from reconciler.web.server import serve as serve_http


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises: StoreFailed, AddressTaken, ProcessFailed, CertificateUnusable."""
    own_data_folder(settings)
    redactor = parts.redactor(settings)
    as_json = None if settings.logs.format == "auto" else settings.logs.format == "json"
    configure_logs(settings.logs.level, redactor, json=as_json)
    if not settings.tenants:
        log("no_tenants", level="warning", message=NO_TENANTS)
    descriptors = raise_limit()
    async with AsyncExitStack() as stack:
        daemon = assemble(settings, await _open(settings, redactor, stack))
        await daemon.controller.world.freezing.load()
        stop = _stop_on_signals()
        await _listen(settings, daemon, redactor, descriptors, stack)
        await daemon.controller.run(stop, drain=settings.stop.drain)
    log("stopped")


async def _open(settings: Settings, redactor: Redactor, stack: AsyncExitStack) -> Edges:
    """Open the edges, to be closed in reverse order by the stack. Raises: StoreFailed."""
    aws = AwsClients()
    stack.callback(aws.close)
    own = AwsClients(settings=PATIENT)
    stack.callback(own.close)
    store = parts.store(settings, own)
    stack.push_async_callback(store.close)
    await store.open()
    directory = parts.provider_directory(settings.data)
    warm = await stack.enter_async_context(parts.warm_runs(settings, directory))
    watch = ProviderWatch(WarmProvider(directory).status) if warm else None
    if watch:
        await stack.enter_async_context(watch.running())
    return Edges(redactor, store, aws, own, warm, watch)


async def _listen(
    settings: Settings, daemon: Daemon, redactor: Redactor, descriptors: Descriptors, stack: AsyncExitStack
) -> None:
    """Serve the API and start the notifications. Raises: AddressTaken, CertificateUnusable."""
    app = make_app(
        EngineControl(daemon.controller),
        metrics=daemon.metrics.render,
        token=None,
        version=VERSION,
        redact=redactor.value,
        access=access(settings, daemon.metrics.access),
    )
    http = settings.http
    serving = serve_http(
        app,
        host=http.host,
        port=http.port,
        socket=http.socket,
        tls=await certificate(settings, stack),
        for_accounts=bool(settings.auth.socket),
        limits=ConnectionLimits(most=descriptors.connections),
    )
    listening = await stack.enter_async_context(serving)
    for warning in warnings(settings, datetime.now(UTC).date()):
        log("access_is_weak", level="warning", reason=warning)
    if daemon.notifications:
        await stack.enter_async_context(daemon.notifications.running())
    log(
        "descriptors",
        limit=descriptors.now,
        found=descriptors.found,
        connections=descriptors.connections,
        reason="connections, child processes and clients of AWS take descriptors; connections get a share of them",
    )
    log("started", version=VERSION, host=listening.host, port=listening.port, socket=str(listening.socket))


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
