"""The external policy check: exit code 0 allows, any other end denies, and neither files nor processes stay."""

import asyncio
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.edges.policy_command import PolicyCommand
from tests.patience import PATIENCE

ORDERS = Key("prod", "orders")
PROD = Environment("prod", "prod", "123456789012", "eu-central-1")
PLAN = {"format_version": "1.2", "resource_changes": [{"address": "aws_vpc.this"}]}
VARIABLES = {"PATH": os.environ["PATH"], "AWS_SECRET_ACCESS_KEY": "hunter2", "RECONCILER__AUTH__TOKEN": "hunter2"}
LONG = timedelta(seconds=60)


def command(work: Path, script: str, *arguments: str, timeout: timedelta = LONG) -> PolicyCommand:
    return PolicyCommand(["/bin/sh", "-c", script, *arguments], timeout=timeout, work=work, base=VARIABLES)


def files_named(work: Path, name: str) -> list[Path]:
    return list(work.glob(f"**/{name}"))


async def denial(work: Path, script: str, *arguments: str, **options: Any) -> str | None:
    reason = await command(work, script, *arguments, **options).denies(PLAN, ORDERS, PROD)
    assert files_named(work, "policy") == [], "the plan holds secrets, so its folder must be deleted"
    return reason


async def test_exit_code_0_allows_the_plan_whatever_the_output(tmp_path: Path) -> None:
    assert await denial(tmp_path, "echo fine; echo odd >&2") is None


async def test_another_exit_code_denies_with_the_output_of_the_program(tmp_path: Path) -> None:
    reason = await denial(tmp_path, r"printf '\033[31mFAIL\033[0m - no public buckets\n'; echo noise >&2; exit 1")
    assert reason == "`/bin/sh` denies the plan (exit code 1): FAIL - no public buckets"
    assert await denial(tmp_path, "echo only here >&2; exit 2") == "`/bin/sh` denies the plan (exit code 2): only here"
    assert await denial(tmp_path, "exit 3") == "`/bin/sh` denies the plan (exit code 3): it gave no reason"


async def test_the_plan_is_standard_input_and_a_private_file(tmp_path: Path) -> None:
    script = 'cmp - "$0" && stat -c "%a %n" "$0" . >&2; cat "$0" >&2; exit 1'
    mode, folder, *plan = str(await denial(tmp_path, script, "{plan}")).partition(": ")[2].split(maxsplit=4)[:5]
    assert (mode, Path(folder).name) == ("600", "plan.json")
    assert plan[0] == "700"
    reason = await denial(tmp_path, 'cat "$0"; exit 1', "{plan}")
    assert json.loads(str(reason).partition(": ")[2]) == PLAN


async def test_the_program_gets_the_instance_and_no_credentials(tmp_path: Path) -> None:
    reason = str(await denial(tmp_path, "env; exit 1"))
    assert "hunter2" not in reason
    for line in ("RECONCILER_INSTANCE=prod/orders", "RECONCILER_TIER=prod", f"PATH={VARIABLES['PATH']}"):
        assert line in reason
    assert f"HOME={tmp_path}" in reason


async def test_arguments_are_never_read_by_a_shell(tmp_path: Path) -> None:
    judge = PolicyCommand(["false", "$(touch stolen)"], timeout=LONG, work=tmp_path, base=VARIABLES)
    assert await judge.denies(PLAN, ORDERS, PROD) == "`false` denies the plan (exit code 1): it gave no reason"
    assert files_named(tmp_path, "stolen") == []


async def test_a_program_that_cannot_run_denies_the_plan(tmp_path: Path) -> None:
    judge = PolicyCommand(["no-such-judge"], timeout=LONG, work=tmp_path, base=VARIABLES)
    reason = await judge.denies(PLAN, ORDERS, PROD)
    assert reason == (
        "`policy.command`: no-such-judge cannot be started: No such file or directory, so nothing is applied"
    )
    assert await denial(tmp_path, "echo x; kill -SEGV $$") == (
        "`/bin/sh` was killed by signal 11, so nothing is applied; x"
    )
    blocked = tmp_path / "work"
    blocked.write_text("no folder")
    assert "the plan cannot be written" in str(await command(blocked, "true").denies(PLAN, ORDERS, PROD))


def alive(pid: str) -> bool:
    """Return True for a running process; a zombie has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def all_end(*files: Path) -> None:
    """Wait until the processes that these files name are gone: the kernel needs a moment to kill one."""
    async with asyncio.timeout(PATIENCE):
        while any(alive(file.read_text().strip()) for file in files):  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.02)


STUBBORN = 'trap "" INT; sleep 600 & echo $! > {0}; echo $$ > {1}; while :; do sleep 1; done'


def pid_files(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "child", tmp_path / "self"


async def test_a_time_out_kills_the_program_and_its_children(tmp_path: Path) -> None:
    reason = await denial(tmp_path, STUBBORN.format(*pid_files(tmp_path)), timeout=timedelta(seconds=2))
    assert reason == "`/bin/sh` did not answer within 2 s (`policy.timeout`), so nothing is applied"
    await all_end(*pid_files(tmp_path))


async def test_a_stop_of_the_daemon_kills_the_program_and_its_children(tmp_path: Path) -> None:
    running = asyncio.create_task(denial(tmp_path, STUBBORN.format(*pid_files(tmp_path))))
    async with asyncio.timeout(PATIENCE):
        while not pid_files(tmp_path)[1].exists() or not pid_files(tmp_path)[1].read_text():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await all_end(*pid_files(tmp_path))
    assert files_named(tmp_path, "policy") == []


async def test_background_processes_are_killed_with_the_program(tmp_path: Path) -> None:
    child = tmp_path / "child"
    assert await denial(tmp_path, f"sleep 600 & echo $! > {child}") is None
    await all_end(child)
