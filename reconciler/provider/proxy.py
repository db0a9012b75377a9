"""The plugin protocol as terraform sees it: answered here where that is safe, passed through as bytes elsewhere.

Every method of every service is served without knowing its messages, so that a newer provider works unchanged. A call
belongs to the connection it came on (see `front`); a call from anywhere else is refused. The status of the provider,
good or bad, is passed on; only its sudden end is put into words.
"""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import grpc.aio

from reconciler.provider.counters import Counters
from reconciler.provider.processes.pool import CONFIGURE, IdentityChanged, Pool, PoolExhausted
from reconciler.provider.processes.pooled import PooledProvider
from reconciler.provider.processes.process import SERVICE, ProviderFailed
from reconciler.provider.protocol import demands
from reconciler.provider.protocol.answers import PREPARE, SCHEMAS, Answers
from reconciler.provider.protocol.wire import MalformedMessage
from reconciler.provider.run import Session

_STREAMS = frozenset({"ListResource", "InvokeAction"})
_SERVING = b"\x08\x01"  # grpc.health.v1.HealthCheckResponse{status: SERVING}
_CRASH_SECONDS = 20.0  # the exit of a dead process is told a little after its connection broke, more on a busy machine
_TOLD = (  # what goes wrong with a call and is told to terraform as its status
    *(grpc.RpcError, ProviderFailed, PoolExhausted, IdentityChanged),
    *(MalformedMessage, demands.NotConfigured, TimeoutError),
)
FindSession = Callable[[str], Session | None]
_Context = Any  # grpc.aio.ServicerContext; the package has no types


class Proxy(grpc.GenericRpcHandler):  # type: ignore[misc]  # the package has no types
    """Serves the plugin protocol for all sessions."""

    def __init__(self, find: FindSession, answers: Answers, pool: Pool, counters: Counters) -> None:
        self._find, self._answers, self._pool, self._counters = find, answers, pool, counters

    def service(self, details: Any) -> Any:
        """The handler of a method."""
        path: str = details.method
        if path.startswith(SERVICE):
            method = path.removeprefix(SERVICE)
            if method in _STREAMS:
                return grpc.stream_stream_rpc_method_handler(functools.partial(self._stream, method))
            return grpc.unary_unary_rpc_method_handler(functools.partial(self._unary, method))
        if path == "/plugin.GRPCController/Shutdown":
            return grpc.unary_unary_rpc_method_handler(_shut_down)
        if path in {"/plugin.GRPCStdio/StreamStdio", "/plugin.GRPCBroker/StartStream"}:
            return grpc.stream_stream_rpc_method_handler(_hold)
        if path == "/grpc.health.v1.Health/Check":
            return grpc.unary_unary_rpc_method_handler(_serving)
        return None

    async def _unary(self, method: str, request: bytes, context: _Context) -> bytes:
        """One call with one answer."""
        session = self._find(context.peer())
        if session is None:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "this connection belongs to no run")
            raise asyncio.CancelledError
        outcome = "ok"
        try:
            return await self._answer(session, method, request)
        except _TOLD as error:
            code, text = _status(error)
            outcome = code.name.lower()
            if code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED}:
                session.run.trouble = text
            await context.abort(code, text)
            raise
        except asyncio.CancelledError:
            outcome = "cancelled"
            if not _being_cancelled():  # its call was cancelled (Stop), not the handler (the client is gone)
                await context.abort(grpc.StatusCode.CANCELLED, "the run was stopped")
            raise
        finally:
            self._counters.calls[method, outcome] += 1

    async def _answer(self, session: Session, method: str, request: bytes) -> bytes:
        demands.check(method, request, configured=session.provider is not None)
        used = await session.read()
        ask = functools.partial(self._forward, session, method, request)
        if method in SCHEMAS:
            return await self._answers.schema(method, session.run.ask.package, used, ask)
        if method == PREPARE:
            return await self._answers.verdict(session.identified(request, (1, 1)).key(PREPARE), ask)
        if method == CONFIGURE:
            return await session.configure(request)
        if method == "Stop":
            return await session.stop(SERVICE + method, request)
        return await ask()

    async def _forward(self, session: Session, method: str, request: bytes) -> bytes:
        """Ask a provider; again elsewhere when the process was needed for something else."""
        while True:
            provider = await session.target(method)
            call = provider.process.unary(SERVICE + method, request)
            with provider.flight(session.run, call, self._pool.end_if_drained) as flight:
                session.flights.add(flight)
                try:
                    with self._counters.phase("call"):
                        return bytes(await call)
                except asyncio.CancelledError:
                    if _being_cancelled():
                        call.cancel()
                        raise
                    if not flight.displaced:
                        _blame_crash(provider)
                        raise
                except grpc.RpcError as error:
                    await _explain(provider, error)
                    raise
                finally:
                    session.flights.discard(flight)

    async def _stream(self, method: str, requests: AsyncIterator[bytes], context: _Context) -> AsyncIterator[bytes]:
        """A call with a stream of answers."""
        session = self._find(context.peer())
        if session is None:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "this connection belongs to no run")
            return
        await session.read()
        configured = session.provider is not None
        provider = await session.target(method)
        call = provider.process.stream(SERVICE + method)
        with provider.flight(session.run, call, self._pool.end_if_drained) as flight:
            session.flights.add(flight)
            try:
                async for request in requests:
                    demands.check(method, request, configured=configured)
                    await call.write(request)
                await call.done_writing()
                async for response in call:
                    yield bytes(response)
            except _TOLD as error:
                await context.abort(*_status(error))
            finally:
                call.cancel()
                session.flights.discard(flight)


class ProviderCrashed(ProviderFailed):
    """The process ended under a call."""


def _blame_crash(provider: PooledProvider) -> None:
    """Raise if the process is gone: closing its channel cancels calls, and that looks like a `Stop`."""
    if provider.end_reason is not None:
        raise ProviderCrashed(f"{provider.end_reason}; this run is lost, run it again")


async def _explain(provider: PooledProvider, error: grpc.RpcError) -> None:
    """Raise what really happened when a process ended under a call."""
    if error.code() is not grpc.StatusCode.UNAVAILABLE:
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_CRASH_SECONDS):
            await provider.ended.wait()
    how = provider.end_reason or "the connection to the provider process broke"
    raise ProviderCrashed(f"{how}; this run is lost, run it again") from error


def _status(error: BaseException) -> tuple[Any, str]:
    """The gRPC status that tells terraform of an error."""
    if isinstance(error, grpc.RpcError):
        return error.code(), error.details() or ""
    if isinstance(error, MalformedMessage):
        return grpc.StatusCode.INVALID_ARGUMENT, f"malformed message: {error}"
    if isinstance(error, demands.NotConfigured):
        return grpc.StatusCode.FAILED_PRECONDITION, str(error)
    if isinstance(error, PoolExhausted):
        return grpc.StatusCode.RESOURCE_EXHAUSTED, str(error)
    if isinstance(error, TimeoutError):
        return grpc.StatusCode.DEADLINE_EXCEEDED, "the provider did not answer to Stop"
    return grpc.StatusCode.UNAVAILABLE, str(error)


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _shut_down(_request: bytes, _context: _Context) -> bytes:
    """Terraform closes its view of the provider; the process goes on."""
    return b""


async def _serving(_request: bytes, _context: _Context) -> bytes:
    return _SERVING


async def _hold(_requests: AsyncIterator[bytes], _context: _Context) -> AsyncIterator[bytes]:
    """A stream on which nothing is ever said: it lasts as long as its connection."""
    await asyncio.Event().wait()
    yield b""
