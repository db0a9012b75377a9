"""The life of a warm provider: limits, callers that die, providers that do not start, no process left behind."""

import asyncio
import errno
import json
import os
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.provider import client
from reconciler.provider.client import Attachment, WarmProvider
from reconciler.provider.launch import launch
from reconciler.provider.package import Binary
from reconciler.provider.processes.limits import Limits
from reconciler.provider.processes.tether import watch
from tests.patience import PATIENCE
from tests.provider.conftest import Fake, Plugin, processes, until

OWNER = """
import asyncio, json, sys
from pathlib import Path
from reconciler.provider.client import WarmProvider
from reconciler.provider.package import Binary

async def main():
    ask = json.load(sys.stdin)
    warm = await WarmProvider.start(Path(ask["directory"]), orphan_seconds=0.4, ready_seconds=300)
    attaching = warm.attach(binary=Binary(Path(ask["binary"]), "h1:fake"), environment=ask["environment"],
                            workspace=Path(ask["workspace"]))
    async with attaching as attachment:
        print(json.dumps(dict(attachment.environment)), flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_a_run_finishes_after_the_death_of_its_caller(directory: Path, fake: Fake) -> None:
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    ask = {"directory": str(directory / "w"), "binary": str(fake.binary.path), "environment": fake.environment("a")}
    assert owner.stdin is not None
    assert owner.stdout is not None
    owner.stdin.write(json.dumps(ask | {"workspace": str(fake.workspace)}).encode())
    owner.stdin.write_eof()
    reattach = json.loads(await asyncio.wait_for(owner.stdout.readline(), PATIENCE))
    plugin = Plugin(Attachment(reattach))
    await plugin.configure(region="x")
    owner.kill()
    await owner.wait()
    await asyncio.sleep(1.0)  # longer than a run with neither caller nor connection lasts
    assert (await plugin.who())["name"] == "a", "an attached run finishes"
    assert processes(str(directory)), "it has not ended yet"
    await plugin.channel.close()
    await until(lambda: processes(str(directory)) == [], "no process is left once the run is over")


async def test_nothing_is_left_after_sigterm(directory: Path, fake: Fake) -> None:
    warm = WarmProvider(directory / "w")
    process = launch(warm.directory, [])
    await until(lambda: (warm.directory / "control.sock").exists(), "it serves")
    async with fake.plugin(warm, "a") as plugin:
        await plugin.configure(region="x")
        process.terminate()
        await asyncio.sleep(0.3)
        assert (await plugin.who())["name"] == "a", "the first SIGTERM drains"
        async with warm.attach(binary=fake.binary, environment={}, workspace=fake.workspace) as late:
            assert late.reason == "the warm provider is stopping"
    await until(lambda: process.poll() is not None, "it ends after its last run")
    assert process.returncode == 0
    await until(lambda: processes(str(directory)) == [], "no process is left")
    assert [path for path in warm.directory.rglob("*") if path.is_socket()] == []


async def test_a_second_sigterm_does_not_wait(directory: Path, fake: Fake) -> None:
    warm = WarmProvider(directory / "w")
    process = launch(warm.directory, [])
    await until(lambda: (warm.directory / "control.sock").exists(), "it serves")
    async with fake.plugin(warm, "a") as plugin:
        await plugin.configure(region="x")
        process.terminate()
        await asyncio.sleep(0.3)
        process.terminate()
        await until(lambda: process.poll() is not None, "it ends though a run is attached")
    await until(lambda: processes(str(directory)) == [], "no process is left")


async def test_an_unused_warm_provider_exits(directory: Path) -> None:
    process = launch(directory / "w", ["--idle-exit=0.1"])
    await until(lambda: process.poll() is not None, "it exits")


async def test_one_directory_has_one_warm_provider(warm: WarmProvider) -> None:
    second = launch(warm.directory, [])
    await until(lambda: second.poll() is not None, "the second one gives up")
    assert second.returncode == 0
    assert (await warm.status())["pid"] == warm.pid


async def test_the_sockets_of_a_killed_one_are_removed(directory: Path, fake: Fake) -> None:
    process = launch(directory / "w", [])
    warm = WarmProvider(directory / "w")
    await until(lambda: (warm.directory / "control.sock").exists(), "it serves")
    process.kill()
    process.wait(PATIENCE)
    assert (warm.directory / "control.sock").exists()
    successor = await WarmProvider.start(directory / "w", ready_seconds=PATIENCE)
    async with fake.plugin(successor, "a") as plugin:
        await plugin.configure(region="x")
    await successor.stop(drain_seconds=0)


async def test_an_attachment_right_after_a_crash_waits_for_the_restart(warm: WarmProvider, fake: Fake) -> None:
    async with fake.plugin(warm, "a") as plugin:
        await plugin.configure(region="x")
    first = warm.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    attaching = warm.attach(binary=fake.binary, environment=fake.environment(), workspace=fake.workspace)
    async with attaching as attachment:
        assert attachment.warm, attachment.reason
    assert warm.pid not in (None, first)


async def test_a_failing_restart_is_waited_for_only_once(
    warm: WarmProvider, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fake.plugin(warm, "a") as plugin:
        await plugin.configure(region="x")
    waits: list[float] = []

    async def never(seconds: float) -> bool:
        waits.append(seconds)
        return False

    def refused(*_: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(client, "launch", refused)
    monkeypatch.setattr(warm, "_answers_within", never)
    os.kill(warm.pid or 0, signal.SIGKILL)
    for _ in range(3):
        attaching = warm.attach(binary=fake.binary, environment=fake.environment(), workspace=fake.workspace)
        async with attaching as attachment:
            assert not attachment.warm
    assert len(waits) == 1


@pytest.mark.parametrize("limits", [Limits(calls=1), Limits(age_seconds=0.1), Limits(rss_bytes=1)])
async def test_a_process_at_a_limit_is_drained_and_replaced(directory: Path, fake: Fake, limits: Limits) -> None:
    warm = await WarmProvider.start(directory / "w", limits=limits, ready_seconds=PATIENCE)
    async with fake.plugin(warm, "a") as one:
        await one.configure(region="x")
        first = (await one.who())["pid"]
        await one.who()
        async with asyncio.timeout(PATIENCE):
            while True:
                if (await warm.status())["processes"][0]["draining"]:
                    break
                await asyncio.sleep(0.1)
        assert (await one.who())["pid"] == first, "a bound run stays on it"
        async with fake.plugin(warm, "a") as two:
            await two.configure(region="x")
            assert (await two.who())["pid"] != first
    await until(lambda: not Path(f"/proc/{first}").exists(), "it ends when it is idle")
    await warm.stop(drain_seconds=0)


async def test_an_idle_process_ends(directory: Path, fake: Fake) -> None:
    warm = await WarmProvider.start(directory / "w", limits=Limits(idle_seconds=0.1), ready_seconds=PATIENCE)
    async with fake.plugin(warm, "a") as plugin:
        await plugin.configure(region="x")
    await until(lambda: processes(str(fake.binary.path)) == [], "no run uses it")
    assert (await warm.status())["processes_ended_total"] == {"idle": 1}
    await warm.stop(drain_seconds=0)


async def test_expired_credentials_end_their_process(warm: WarmProvider, fake: Fake) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    async with fake.plugin(warm, "a", AWS_CREDENTIAL_EXPIRATION=soon) as plugin:
        await plugin.configure(region="x")
    await until(lambda: processes(str(fake.binary.path)) == [], "the credentials have expired")
    assert (await warm.status())["processes_ended_total"] == {"expired": 1}


async def test_at_the_limit_an_idle_process_is_evicted_and_a_busy_one_is_waited_for(
    directory: Path, fake: Fake
) -> None:
    warm = await WarmProvider.start(directory / "w", limits=Limits(processes=1), ready_seconds=PATIENCE)
    async with fake.plugin(warm, "a") as plugin:
        await plugin.configure(region="x")
    async with fake.plugin(warm, "b") as one, fake.plugin(warm, "c") as two:
        await one.configure(region="x")
        assert (await one.who())["name"] == "b", "the idle process of run a was evicted"
        waiting = asyncio.ensure_future(two.configure(region="x"))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        await one.channel.close()
        await waiting
        assert (await two.who())["name"] == "c"
    await warm.stop(drain_seconds=0)


async def test_a_provider_of_protocol_6_runs_plainly(warm: WarmProvider, fake: Fake) -> None:
    environment = fake.environment("a", AWS_FAKE_PROTOCOL="6")
    async with warm.attach(binary=fake.binary, environment=environment, workspace=fake.workspace) as attachment:
        assert not attachment.warm
        assert attachment.environment == {}
        assert "protocol 6" in attachment.reason
    assert processes(str(fake.binary.path)) == []


@pytest.mark.parametrize("program", ["#!/bin/sh\nexit 3\n", "#!/bin/sh\necho hello\nsleep 60\n", None])
async def test_a_provider_that_does_not_start_runs_plainly(warm: WarmProvider, fake: Fake, program: str | None) -> None:
    path = fake.binary.path.with_name("other")
    if program:
        path.write_text(program)
        path.chmod(stat.S_IRWXU)
    attaching = warm.attach(binary=Binary(path, "h1:other"), environment={"PATH": os.environ["PATH"]}, workspace=path)
    async with attaching as attachment:
        assert not attachment.warm
        assert "handshake" in attachment.reason


async def test_an_unknown_provider_runs_plainly(warm: WarmProvider, fake: Fake) -> None:
    source = "registry.terraform.io/acme/stateful"
    attaching = warm.attach(binary=fake.binary, environment={}, workspace=fake.workspace, source=source)
    async with attaching as attachment:
        assert "acme/stateful" in attachment.reason


async def test_without_a_warm_provider_runs_are_plain(directory: Path, fake: Fake) -> None:
    absent = WarmProvider(directory / "none")
    async with absent.attach(binary=fake.binary, environment={}, workspace=fake.workspace) as attachment:
        assert (attachment.warm, attachment.reason) == (False, "no warm provider answers")


def test_a_process_is_watched_where_the_kernel_cannot_bind_it_to_its_parent() -> None:
    """Watch a process as on systems without parent-death signals; it is killed when the parent is gone."""
    assert watch(os.getppid(), [sys.executable, "-c", "import sys; sys.exit(7)"]) == 7
    assert watch(1 if os.getppid() != 1 else 2, [sys.executable, "-c", "import time; time.sleep(60)"]) == (
        128 + signal.SIGKILL
    )
