"""The server of the plugin protocol: it answers some calls itself and passes the others through as bytes.

Methods are served without knowledge of their messages, so that a newer provider works unchanged. A call belongs to the
connection that it came on (see `front`); any other call is rejected. The provider's status and errors are passed on
unchanged; only for a crash does the proxy write its own message.
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
_CRASH_SECONDS = 20.0  # until the exit of a process is known after its connection broke; longer on a busy machine
_REPORTED_ERRORS = (  # failures of a call that terraform gets as the call's status
    *(grpc.RpcError, ProviderFailed, PoolExhausted, IdentityChanged),
    *(MalformedMessage, demands.NotConfigured, TimeoutError),
)
FindSession = Callable[[str], Session | None]
_Context = Any  # grpc.aio.ServicerContext; the package has no types


class Proxy(grpc.GenericRpcHandler):  # type: ignore[misc]  # the package has no types
    """The gRPC handler of all sessions."""

    def __init__(self, find: FindSession, answers: Answers, pool: Pool, counters: Counters) -> None:
        self._find, self._answers, self._pool, self._counters = find, answers, pool, counters

    def service(self, details: Any) -> Any:
        """Return the handler of a method, or None for an unknown service."""
        path: str = details.method
        if path.startswith(SERVICE):
            method = path.removeprefix(SERVICE)
            if method in _STREAMS:
                return grpc.stream_stream_rpc_method_handler(functools.partial(self._stream, method))
            return grpc.unary_unary_rpc_method_handler(functools.partial(self._unary, method))
        if path == "/plugin.GRPCController/Shutdown":
            return grpc.unary_unary_rpc_method_handler(_shut_down)
        if path in {"/plugin.GRPCStdio/StreamStdio", "/plugin.GRPCBroker/StartStream"}:
            return grpc.stream_stream_rpc_method_handler(_idle_stream)
        if path == "/grpc.health.v1.Health/Check":
            return grpc.unary_unary_rpc_method_handler(_serving)
        return None

    async def _unary(self, method: str, request: bytes, context: _Context) -> bytes:
        """Serve a call with one response; failures become the call's status."""
        session = self._find(context.peer())
        if session is None:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "this connection belongs to no run")
            raise asyncio.CancelledError
        outcome = "ok"
        try:
            return await self._answer(session, method, request)
        except _REPORTED_ERRORS as error:
            code, text = _status(error)
            outcome = code.name.lower()
            if code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED}:
                session.run.trouble = text
            await context.abort(code, text)
            raise
        except asyncio.CancelledError:
            outcome = "cancelled"
            if not _being_cancelled():  # the call to the provider was cancelled (Stop), not this handler
                await context.abort(grpc.StatusCode.CANCELLED, "the run was stopped")
            raise
        finally:
            self._counters.calls[method, outcome] += 1

    async def _answer(self, session: Session, method: str, request: bytes) -> bytes:
        demands.check(method, request, configured=session.provider is not None)
        used = await session.read()
        forward = functools.partial(self._forward, session, method, request)
        if method in SCHEMAS:
            return await self._answers.schema(method, session.run.request.package, used, forward)
        if method == PREPARE:
            return await self._answers.validation(session.identified(request, (1, 1)).key(PREPARE), forward)
        if method == CONFIGURE:
            return await session.configure(request)
        if method == "Stop":
            return await session.stop(SERVICE + method, request)
        return await forward()

    async def _forward(self, session: Session, method: str, request: bytes) -> bytes:
        """Send a call to a provider, and again to another process if it was displaced by a `Stop` of another run."""
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
                        _raise_if_ended(provider)
                        raise
                except grpc.RpcError as error:
                    await _raise_crash(provider, error)
                    raise
                finally:
                    session.flights.discard(flight)

    async def _stream(self, method: str, requests: AsyncIterator[bytes], context: _Context) -> AsyncIterator[bytes]:
        """Serve a call with streams in both directions."""
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
            except _REPORTED_ERRORS as error:
                await context.abort(*_status(error))
            finally:
                call.cancel()
                session.flights.discard(flight)


class ProviderCrashed(ProviderFailed):
    """The process ended during a call."""


def _raise_if_ended(provider: PooledProvider) -> None:
    """Raise ProviderCrashed if the process is gone: closing its channel cancels calls, as a `Stop` does."""
    if provider.end_reason is not None:
        raise ProviderCrashed(f"{provider.end_reason}: the run failed, run it again")


async def _raise_crash(provider: PooledProvider, error: grpc.RpcError) -> None:
    """Raise ProviderCrashed with the cause if a call failed because its process ended."""
    if error.code() is not grpc.StatusCode.UNAVAILABLE:
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_CRASH_SECONDS):
            await provider.ended.wait()
    cause = provider.end_reason or "the connection to the provider process broke"
    raise ProviderCrashed(f"{cause}: the run failed, run it again") from error


def _status(error: BaseException) -> tuple[Any, str]:
    """Return the gRPC status code and message for an error."""
    if isinstance(error, grpc.RpcError):
        return error.code(), error.details() or ""
    if isinstance(error, MalformedMessage):
        return grpc.StatusCode.INVALID_ARGUMENT, f"malformed message: {error}"
    if isinstance(error, demands.NotConfigured):
        return grpc.StatusCode.FAILED_PRECONDITION, str(error)
    if isinstance(error, PoolExhausted):
        return grpc.StatusCode.RESOURCE_EXHAUSTED, str(error)
    if isinstance(error, TimeoutError):
        return grpc.StatusCode.DEADLINE_EXCEEDED, "the provider did not respond to Stop in time"
    return grpc.StatusCode.UNAVAILABLE, str(error)


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _shut_down(_request: bytes, _context: _Context) -> bytes:
    """Accept terraform's shutdown request without ending the shared process."""
    return b""


async def _serving(_request: bytes, _context: _Context) -> bytes:
    return _SERVING


async def _idle_stream(_requests: AsyncIterator[bytes], _context: _Context) -> AsyncIterator[bytes]:
    """Keep a stream open without messages until its connection ends."""
    await asyncio.Event().wait()
    yield b""
