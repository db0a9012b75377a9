"""A crash is reported in the same way whether the call or the watch over the process notices it first."""

import asyncio
import contextlib
from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from reconciler.provider.counters import Counters
from reconciler.provider.processes.pooled import PooledProvider
from reconciler.provider.processes.process import SERVICE
from reconciler.provider.proxy import Proxy
from tests.provider.protocol.messages import resource_request

GONE = "the provider process 7 was killed by signal 9"


class Aborted(Exception):
    """The status that terraform gets."""


class Context:
    """A call of terraform."""

    def peer(self) -> str:
        return "unix:c1"

    async def abort(self, code: Any, text: str) -> None:
        raise Aborted(code, text)


class Call(asyncio.Future[bytes]):
    """A call in flight on the process."""


async def outcome(call: Call, provider: PooledProvider) -> tuple[Any, str | None]:
    """Read through the proxy. Returns terraform's status code, and the failure that the run keeps."""

    async def target(method: str) -> PooledProvider:
        return provider

    async def read() -> None:
        return None

    run = SimpleNamespace(trouble=None)
    session: Any = SimpleNamespace(run=run, flights=set(), target=target, read=read, provider=provider)
    pool: Any = SimpleNamespace(end_if_drained=lambda provider: None)
    answers: Any = None
    handler = Proxy(lambda peer: session, answers, pool, Counters()).service(
        SimpleNamespace(method=f"{SERVICE}ReadResource")
    )
    with pytest.raises(Aborted) as aborted:
        await handler.unary_unary(resource_request(), Context())
    return aborted.value.args[0], run.trouble


def busy(call: Call) -> PooledProvider:
    process: Any = SimpleNamespace(unary=lambda method, request: call, pid=7, alive=False)
    place: Any = None
    return PooledProvider(process, place)


async def test_a_call_cancelled_by_the_cleanup_of_a_dead_process_is_a_crash() -> None:
    call = Call()
    provider = busy(call)
    provider.end_reason = GONE
    asyncio.get_running_loop().call_soon(call.cancel)
    code, trouble = await outcome(call, provider)
    assert code is grpc.StatusCode.UNAVAILABLE
    assert trouble == f"{GONE}: the run failed, run it again"


async def test_a_call_that_breaks_before_the_exit_is_known_waits_for_it() -> None:
    call = Call()
    provider = busy(call)

    def exit_is_known() -> None:
        provider.end_reason = GONE
        provider.ended.set()

    loop = asyncio.get_running_loop()
    loop.call_soon(call.set_exception, broken())
    loop.call_later(0.05, exit_is_known)
    code, trouble = await outcome(call, provider)
    assert code is grpc.StatusCode.UNAVAILABLE
    assert trouble == f"{GONE}: the run failed, run it again"


async def test_a_call_cancelled_by_a_stop_is_not_a_crash() -> None:
    call = Call()
    asyncio.get_running_loop().call_soon(call.cancel)
    code, trouble = await outcome(call, busy(call))
    assert (code, trouble) == (grpc.StatusCode.CANCELLED, None)
    with contextlib.suppress(asyncio.CancelledError):
        await call


def broken() -> Exception:
    class Broken(grpc.RpcError):  # type: ignore[misc]  # the package has no types
        def code(self) -> Any:
            return grpc.StatusCode.UNAVAILABLE

        def details(self) -> str:
            return "Socket closed"

    return Broken()
