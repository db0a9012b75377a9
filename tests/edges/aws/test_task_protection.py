"""Task protection: requested during applies, ended after the last one, and never a reason for a failure."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
import pytest_asyncio

from reconciler.core.ports.aws import Protection
from reconciler.edges.aws.task_protection import TaskProtection
from tests.edges.aws.agent import TASK, Agent, agent

REFUSED = {"failure": {"Arn": TASK, "Detail": None, "Reason": "TASK_NOT_VALID"}}
FORBIDDEN = {"error": {"Arn": TASK, "Code": "AccessDeniedException", "Message": "not authorized"}}


@pytest_asyncio.fixture
async def ecs() -> AsyncIterator[Agent]:
    async with agent() as found:
        yield found


async def test_protection_lasts_as_long_as_the_apply(ecs: Agent) -> None:
    warnings: list[str] = []
    protection: Protection = TaskProtection(ecs.uri, warn=warnings.append)
    async with protection.during_apply():
        assert ecs.requests == [{"ProtectionEnabled": True, "ExpiresInMinutes": 60}]
    assert ecs.requests[1:] == [{"ProtectionEnabled": False}]
    assert warnings == []


async def test_the_first_of_parallel_applies_starts_protection_and_the_last_ends_it(ecs: Agent) -> None:
    protection = TaskProtection(ecs.uri, warn=pytest.fail)
    async with protection.during_apply():
        async with protection.during_apply(), protection.during_apply():
            pass
        assert ecs.states == [True]
    assert ecs.states == [True, False]


async def test_many_overlapping_applies_leave_the_task_unprotected(ecs: Agent) -> None:
    protection = TaskProtection(ecs.uri, warn=pytest.fail)

    async def apply(number: int) -> None:
        async with protection.during_apply():
            await asyncio.sleep(0.001 * (number % 7))
            assert ecs.states[-1] is True

    await asyncio.gather(*(apply(number) for number in range(50)))
    assert ecs.states[-1] is False


async def test_protection_is_renewed_during_a_long_apply(ecs: Agent) -> None:
    protection = TaskProtection(ecs.uri, warn=pytest.fail, renew=timedelta(milliseconds=10))
    async with protection.during_apply():
        await ecs.until(4)
    assert set(ecs.states[:-1]) == {True}
    assert ecs.states[-1] is False
    count = len(ecs.requests)
    await asyncio.sleep(0.05)
    assert len(ecs.requests) == count, "no renewal after the apply"


async def test_protection_ends_when_the_apply_fails_or_is_cancelled(ecs: Agent) -> None:
    protection = TaskProtection(ecs.uri, warn=pytest.fail)
    with pytest.raises(ZeroDivisionError):
        async with protection.during_apply():
            raise ZeroDivisionError
    assert ecs.states == [True, False]

    async def apply() -> None:
        async with protection.during_apply():
            await asyncio.sleep(60)

    task = asyncio.create_task(apply())
    await ecs.until(3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ecs.states == [True, False, True, False]


@pytest.mark.parametrize("refusal", [(200, REFUSED), (400, FORBIDDEN), (500, {}), (200, {})], ids=json.dumps)
async def test_a_refusal_is_one_warning_and_applies_continue(
    ecs: Agent, refusal: tuple[int, dict[str, object]]
) -> None:
    ecs.refusal = refusal
    warnings: list[str] = []
    protection = TaskProtection(ecs.uri, warn=warnings.append)
    applied = 0
    for _ in range(3):
        async with protection.during_apply():
            applied += 1
    assert applied == 3
    (warning,) = warnings
    assert "ecs:UpdateTaskProtection" in warning
    assert len(ecs.requests) == 6, "each apply requests it again, because the role may have been fixed"


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "http://nowhere.invalid", "no address at all"])
async def test_an_unreachable_agent_is_one_warning(uri: str) -> None:
    warnings: list[str] = []
    async with TaskProtection(uri, warn=warnings.append).during_apply():
        pass
    assert len(warnings) == 1


async def test_an_agent_that_never_answers_is_one_warning(ecs: Agent) -> None:
    ecs.silent = True
    warnings: list[str] = []
    async with TaskProtection(ecs.uri, warn=warnings.append, timeout=aiohttp.ClientTimeout(total=0.2)).during_apply():
        pass
    assert len(warnings) == 1


async def test_outside_of_ecs_no_agent_is_called() -> None:
    async with TaskProtection(None, warn=pytest.fail).during_apply():
        pass
