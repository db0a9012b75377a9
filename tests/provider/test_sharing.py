"""The assignment of processes: sharing by identity, one apply per process, and the effects of Stop and crashes."""

import asyncio
import json
import os
import signal
from pathlib import Path

import grpc
import grpc.aio
import pytest

from reconciler.provider.client import WarmProvider
from reconciler.provider.protocol.schema import read_schema
from tests.patience import PATIENCE
from tests.provider.conftest import Fake, Plugin, processes, until
from tests.provider.protocol.messages import prepare_request, resource_request


async def test_runs_with_one_identity_share_a_process_that_is_configured_once(warm: WarmProvider, fake: Fake) -> None:
    async with fake.plugin(warm, "a") as one, fake.plugin(warm, "a") as two:
        await asyncio.gather(one.configure(region="x"), two.configure(region="x"))
        assert (await one.who())["pid"] == (await two.who())["pid"]
    assert len(fake.asked("Configure")) == 1


async def test_another_environment_or_configuration_is_another_process(warm: WarmProvider, fake: Fake) -> None:
    async with fake.plugin(warm, "a") as one, fake.plugin(warm, "b") as two, fake.plugin(warm, "a") as three:
        for plugin, region in ((one, "x"), (two, "x"), (three, "y")):
            await plugin.configure(region=region)
        answers = [await plugin.who() for plugin in (one, two, three)]
    assert [answer["name"] for answer in answers] == ["a", "b", "a"]
    assert len({answer["pid"] for answer in answers}) == 3


async def test_an_alias_has_its_own_process(warm: WarmProvider, fake: Fake) -> None:
    """Open two connections of one run, each with its own configuration."""
    environment = fake.environment("a")
    async with warm.attach(binary=fake.binary, environment=environment, workspace=fake.workspace) as attachment:
        one, two = Plugin(attachment), Plugin(attachment)
        await one.configure(region="x")
        await two.configure(region="y")
        assert (await one.who())["pid"] != (await two.who())["pid"]
        await one.channel.close()
        await two.channel.close()


async def test_a_changed_credentials_file_is_another_process(warm: WarmProvider, fake: Fake) -> None:
    home = fake.workspace.parent / "home"
    (home / ".aws").mkdir(parents=True)
    pids = []
    for key in ("one", "two"):
        (home / ".aws" / "credentials").write_text(key)
        async with fake.plugin(warm, "a", HOME=str(home)) as plugin:
            await plugin.configure(region="x")
            pids.append((await plugin.who())["pid"])
    assert pids[0] != pids[1]


async def test_a_rejected_configuration_is_returned_and_not_cached(warm: WarmProvider, fake: Fake) -> None:
    async with fake.plugin(warm, "a") as plugin:
        for _ in range(2):
            assert b"refused" in await plugin.configure(region="refuse")
            assert b"refused" in await plugin.call("PrepareProviderConfig", prepare_request({"region": "refuse"}))
    asked = fake.asked("Configure")
    assert len(asked) == 2
    assert len({entry["pid"] for entry in asked}) == 2, "a process is configured once, even if that fails"
    assert len(fake.asked("PrepareProviderConfig")) == 2


async def test_schema_and_validation_are_cached(warm: WarmProvider, fake: Fake) -> None:
    for _ in range(2):
        async with fake.plugin(warm, "a") as plugin:
            assert read_schema(await plugin.call("GetSchema")).names == {"aws_one"}
            await plugin.call("PrepareProviderConfig", prepare_request({"region": "x"}))
    assert len(fake.asked("GetSchema")) == len(fake.asked("PrepareProviderConfig")) == 1


async def test_a_run_can_request_types_of_its_state_or_the_full_schema(warm: WarmProvider, fake: Fake) -> None:
    attaching = (
        (
            warm.attach(
                binary=fake.binary, environment=fake.environment(), workspace=fake.workspace, types=["aws_two"]
            ),
            2,
        ),
        (
            warm.attach(binary=fake.binary, environment=fake.environment(), workspace=fake.workspace, full_schema=True),
            3,
        ),
    )
    for attach, names in attaching:
        async with attach as attachment:
            plugin = Plugin(attachment)
            assert len(read_schema(await plugin.call("GetSchema")).names) == names
            await plugin.channel.close()


async def test_two_applies_never_share_a_process(warm: WarmProvider, fake: Fake) -> None:
    async with fake.plugin(warm, "a") as one, fake.plugin(warm, "a") as two:
        await asyncio.gather(one.configure(region="x"), two.configure(region="x"))
        assert (await one.who())["pid"] == (await two.who())["pid"]
        applied = await asyncio.gather(*(p.who("ApplyResourceChange") for p in (one, two, one, two)))
    assert len({answer["pid"] for answer in applied}) == 2
    assert applied[0]["pid"] == applied[2]["pid"] != applied[1]["pid"] == applied[3]["pid"]


async def test_stop_reaches_only_the_apply_of_its_run(warm: WarmProvider, fake: Fake) -> None:
    """Check that the stopped apply still returns its result, and that calls of other runs are not affected."""
    async with fake.plugin(warm, "a") as one, fake.plugin(warm, "a") as two, fake.plugin(warm, "a") as three:
        for plugin in (one, two, three):
            await plugin.configure(region="x")
        mine = asyncio.ensure_future(one.who("ApplyResourceChange", b"wait"))
        await until(lambda: len(fake.asked("ApplyResourceChange")) == 1, "the first apply")
        theirs = asyncio.ensure_future(two.who("ApplyResourceChange", b"wait"))
        await until(lambda: len(fake.asked("ApplyResourceChange")) == 2, "the second apply")
        reading = asyncio.ensure_future(three.who("ReadResource", b"wait"))
        await until(lambda: len(fake.asked("ReadResource")) == 1, "the read beside the first apply")
        await one.call("Stop")
        assert (await mine)["stopped"]
        await until(lambda: len(fake.asked("ReadResource")) == 2, "the read is repeated on another process")
        assert fake.asked("ReadResource")[1]["pid"] != (await mine)["pid"]
        assert not theirs.done()
        assert not reading.done()
        assert len(fake.asked("Stop")) == 1
        for task in (theirs, reading):
            task.cancel()
        await asyncio.gather(theirs, reading, return_exceptions=True)
        pid = (await mine)["pid"]
    await until(lambda: not os.path.exists(f"/proc/{pid}"), "the stopped process ends")


async def test_stop_of_a_plan_cancels_its_calls(warm: WarmProvider, fake: Fake) -> None:
    async with fake.plugin(warm, "a") as one, fake.plugin(warm, "a") as two:
        await asyncio.gather(one.configure(region="x"), two.configure(region="x"))
        mine, theirs = (asyncio.ensure_future(p.who("ReadResource", b"wait")) for p in (one, two))
        await until(lambda: len(fake.asked("ReadResource")) == 2, "both reads")
        await one.call("Stop")
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await mine
        assert failure.value.code() is grpc.StatusCode.CANCELLED
        assert not theirs.done()
        assert fake.asked("Stop") == []
        theirs.cancel()
        await asyncio.gather(theirs, return_exceptions=True)


async def test_the_end_of_a_connection_cancels_its_calls(warm: WarmProvider, fake: Fake) -> None:
    async with fake.plugin(warm, "a") as one:
        await one.configure(region="x")
        waiting = asyncio.ensure_future(one.who("ApplyResourceChange", b"wait"))
        await until(lambda: len(fake.asked("ApplyResourceChange")) == 1, "the apply")
        await one.channel.close()
        await asyncio.gather(waiting, return_exceptions=True)
        await until(lambda: bool(fake.asked("cancelled")), "the provider sees the cancellation")


async def test_a_caller_can_cancel_calls_in_flight(warm: WarmProvider, fake: Fake) -> None:
    environment = fake.environment("a")
    async with warm.attach(binary=fake.binary, environment=environment, workspace=fake.workspace) as attachment:
        plugin = Plugin(attachment)
        await plugin.configure(region="x")
        waiting = asyncio.ensure_future(plugin.who("ReadResource", b"wait"))
        await until(lambda: len(fake.asked("ReadResource")) == 1, "the read")
        await warm.cancel(attachment)
        with pytest.raises(grpc.aio.AioRpcError):
            await waiting
        await plugin.channel.close()


async def test_a_crash_fails_only_its_runs_with_a_message(warm: WarmProvider, fake: Fake) -> None:
    environment = fake.environment("a")
    async with fake.plugin(warm, "b") as other:
        await other.configure(region="x")
        async with warm.attach(binary=fake.binary, environment=environment, workspace=fake.workspace) as attachment:
            plugin = Plugin(attachment)
            await plugin.configure(region="x")
            with pytest.raises(grpc.aio.AioRpcError) as failure:
                await plugin.call("ReadResource", resource_request(b"crash"))
            await plugin.channel.close()
        assert failure.value.code() is grpc.StatusCode.UNAVAILABLE
        assert "signal 9" in (failure.value.details() or "")
        assert "run it again" in (attachment.trouble or "")
        assert (await other.who())["name"] == "b"
    async with fake.plugin(warm, "a") as again:
        await again.configure(region="x")
        assert (await again.who())["name"] == "a"


async def test_a_shutdown_request_does_not_end_the_process(warm: WarmProvider, fake: Fake) -> None:
    async with fake.plugin(warm, "a") as one, fake.plugin(warm, "a") as two:
        await asyncio.gather(one.configure(region="x"), two.configure(region="x"))
        await one.call("/plugin.GRPCController/Shutdown")
        assert (await two.who())["name"] == "a"
    assert fake.asked("Shutdown") == []


async def test_health_is_served_and_unknown_services_are_not(warm: WarmProvider, fake: Fake) -> None:
    async with fake.plugin(warm, "a") as plugin:
        assert await plugin.call("/grpc.health.v1.Health/Check") == b"\x08\x01"
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await plugin.call("/tfplugin6.Provider/GetProviderSchema")
        assert failure.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_large_messages_pass_both_ways(warm: WarmProvider, fake: Fake) -> None:
    message = resource_request(b"echo" + os.urandom(1024) * 24 * 1024)
    async with fake.plugin(warm, "a") as plugin:
        await plugin.configure(region="x")
        assert await plugin.call("ReadResource", message) == message


async def test_a_root_that_reads_files_has_a_process_in_its_directory(warm: WarmProvider, fake: Fake) -> None:
    async with fake.plugin(warm, "a") as plugin:
        await plugin.configure(region="x")
        assert (await plugin.who())["directory"] != str(fake.workspace)
    (fake.workspace / "main.tf").write_text('resource "aws_lambda_function" "f" { filename = "f.zip" }\n')
    async with fake.plugin(warm, "a") as plugin:
        await plugin.configure(region="x")
        inside = await plugin.who()
        assert inside["directory"] == str(fake.workspace)
    await until(
        lambda: not os.path.exists(f"/proc/{inside['pid']}"),
        "it ends with its run, because the directory may be removed",
    )


def environment_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/environ").read_text().split("\0")


async def test_a_credential_process_sees_the_runs_environment(warm: WarmProvider, fake: Fake) -> None:
    home = fake.workspace.parent / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "config").write_text("[default]\ncredential_process = vault-helper\n")
    pids = set()
    for address in ("one", "two", "one"):
        async with fake.plugin(warm, "a", HOME=str(home), VAULT_ADDR=address) as plugin:
            await plugin.configure(region="x")
            pid = (await plugin.who())["pid"]
            assert f"VAULT_ADDR={address}" in environment_of(pid)
            pids.add(pid)
    assert len(pids) == 2


async def test_no_socket_or_session_of_a_run_is_left(warm: WarmProvider, fake: Fake) -> None:
    before = sorted(path.name for path in warm.directory.iterdir())
    async with fake.plugin(warm, "a") as plugin:
        await plugin.configure(region="x")
        assert plugin.socket.exists()
    await until(lambda: sorted(path.name for path in warm.directory.iterdir()) == before, "no socket is left")
    status = await warm.status()
    assert status["runs"] == []
    assert [p["sessions"] for p in status["processes"]] == [0]


async def test_the_status_counts_calls_and_answers(warm: WarmProvider, fake: Fake) -> None:
    for _ in range(2):
        async with fake.plugin(warm, "a") as plugin:
            await plugin.configure(region="x")
            await plugin.who()
    status = json.loads(json.dumps(await warm.status()))
    assert {"method": "ReadResource", "outcome": "ok", "count": 2} in status["calls_total"]
    assert {"answer": "Configure", "result": "hit", "count": 1} in status["answers_total"]
    assert status["phase_seconds"]["start"]["count"] == status["processes_started_total"] == 1
    assert status["processes"][0]["rss_bytes"] > status["processes"][0]["private_bytes"] > 0


async def test_a_killed_warm_provider_is_restarted(warm: WarmProvider, fake: Fake) -> None:
    """Kill the warm provider: its provider processes end with it, and the next run attaches to a new one."""
    async with fake.plugin(warm, "a") as plugin:
        await plugin.configure(region="x")
        first = warm.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: warm.pid not in (None, first), "a new one")
        await until(lambda: len(processes(str(fake.binary.path))) == 0, "no provider process outlives it")
    async with asyncio.timeout(PATIENCE):
        while True:
            attaching = warm.attach(binary=fake.binary, environment=fake.environment(), workspace=fake.workspace)
            async with attaching as attachment:
                if attachment.warm:
                    break
            await asyncio.sleep(0.1)
    assert (await warm.status())["restarts_total"] == 1
