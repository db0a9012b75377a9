"""The program that judges plans: yes is exit code 0, everything else is a no, and nothing of it stays."""

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

ORDERS = Key("prod", "orders")
PROD = Environment("prod", "prod", "123456789012", "eu-central-1")
PLAN = {"format_version": "1.2", "resource_changes": [{"address": "aws_vpc.this"}]}
AROUND = {"PATH": os.environ["PATH"], "AWS_SECRET_ACCESS_KEY": "hunter2", "RECONCILER__AUTH__TOKEN": "hunter2"}
LONG = timedelta(seconds=60)


def command(work: Path, script: str, *arguments: str, timeout: timedelta = LONG) -> PolicyCommand:
    return PolicyCommand(["/bin/sh", "-c", script, *arguments], timeout=timeout, work=work, base=AROUND)


def left(work: Path, name: str) -> list[Path]:
    return list(work.glob(f"**/{name}"))


async def judged(work: Path, script: str, *arguments: str, **options: Any) -> str | None:
    said = await command(work, script, *arguments, **options).denies(PLAN, ORDERS, PROD)
    assert left(work, "policy") == [], "the plan holds secrets: nothing of it stays"
    return said


async def test_exit_code_0_allows_whatever_was_said(tmp_path: Path) -> None:
    assert await judged(tmp_path, "echo fine; echo odd >&2") is None


async def test_another_code_denies_in_the_words_of_the_program(tmp_path: Path) -> None:
    said = await judged(tmp_path, r"printf '\033[31mFAIL\033[0m - no public buckets\n'; echo noise >&2; exit 1")
    assert said == "`/bin/sh` denies it (exit code 1): FAIL - no public buckets"
    assert await judged(tmp_path, "echo only here >&2; exit 2") == "`/bin/sh` denies it (exit code 2): only here"
    assert await judged(tmp_path, "exit 3") == "`/bin/sh` denies it (exit code 3): it gave no reason"


async def test_the_plan_comes_as_input_and_as_a_file_that_nobody_else_can_read(tmp_path: Path) -> None:
    script = 'cmp - "$0" && stat -c "%a %n" "$0" . >&2; cat "$0" >&2; exit 1'
    mode, folder, *plan = str(await judged(tmp_path, script, "{plan}")).partition(": ")[2].split(maxsplit=4)[:5]
    assert (mode, Path(folder).name) == ("600", "plan.json")
    assert plan[0] == "700"
    said = await judged(tmp_path, 'cat "$0"; exit 1', "{plan}")
    assert json.loads(str(said).partition(": ")[2]) == PLAN


async def test_it_gets_no_credentials_and_is_told_what_it_judges(tmp_path: Path) -> None:
    said = str(await judged(tmp_path, "env; exit 1"))
    assert "hunter2" not in said
    for line in ("RECONCILER_INSTANCE=prod/orders", "RECONCILER_TIER=prod", f"PATH={AROUND['PATH']}"):
        assert line in said
    assert f"HOME={tmp_path}" in said


async def test_arguments_are_never_read_by_a_shell(tmp_path: Path) -> None:
    judge = PolicyCommand(["false", "$(touch stolen)"], timeout=LONG, work=tmp_path, base=AROUND)
    assert await judge.denies(PLAN, ORDERS, PROD) == "`false` denies it (exit code 1): it gave no reason"
    assert left(tmp_path, "stolen") == []


async def test_what_cannot_be_asked_says_no(tmp_path: Path) -> None:
    judge = PolicyCommand(["no-such-judge"], timeout=LONG, work=tmp_path, base=AROUND)
    said = await judge.denies(PLAN, ORDERS, PROD)
    assert said == (
        "`policy.command`: no-such-judge cannot be started: No such file or directory, so nothing is applied"
    )
    assert await judged(tmp_path, "echo x; kill -SEGV $$") == (
        "`/bin/sh` was ended by signal 11, so nothing is applied; x"
    )
    blocked = tmp_path / "work"
    blocked.write_text("no folder")
    assert "the plan cannot be handed over" in str(await command(blocked, "true").denies(PLAN, ORDERS, PROD))


def alive(pid: str) -> bool:
    """False for a zombie too: it does nothing any more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def all_end(*files: Path) -> None:
    """Wait until the processes that these files name are gone: the kernel needs a moment to kill one."""
    async with asyncio.timeout(30):
        while any(alive(file.read_text().strip()) for file in files):  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.02)


STUBBORN = 'trap "" INT; sleep 600 & echo $! > {0}; echo $$ > {1}; while :; do sleep 1; done'


def told(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "child", tmp_path / "self"


async def test_after_its_time_it_is_killed_with_its_children(tmp_path: Path) -> None:
    said = await judged(tmp_path, STUBBORN.format(*told(tmp_path)), timeout=timedelta(seconds=2))
    assert said == "`/bin/sh` did not answer within 2 s (`policy.timeout`), so nothing is applied"
    await all_end(*told(tmp_path))


async def test_it_is_killed_with_its_children_when_the_daemon_stops(tmp_path: Path) -> None:
    asking = asyncio.create_task(judged(tmp_path, STUBBORN.format(*told(tmp_path))))
    async with asyncio.timeout(30):
        while not told(tmp_path)[1].exists() or not told(tmp_path)[1].read_text():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await all_end(*told(tmp_path))
    assert left(tmp_path, "policy") == []


async def test_what_it_leaves_in_the_background_goes_with_it(tmp_path: Path) -> None:
    child = tmp_path / "child"
    assert await judged(tmp_path, f"sleep 600 & echo $! > {child}") is None
    await all_end(child)
