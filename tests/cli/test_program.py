"""The program as a process: exit codes, broken pipes, colours, help, and no stack traces."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.program import build
from tests.cli.conftest import Cli
from tests.patience import PATIENCE

EXECUTABLE = Path(sys.executable).with_name("reconciler")
ALONE = ("run", "validate", "schema", "plan", "config", "bootstrap", "render", "verify", "import", "migrate")
ASKING = ("get", "describe", "diff", "drift", "history", "wait")
ACTING = (
    *("reconcile", "suspend", "resume", "approve", "adopt", "adopt-state", "reject", "prune", "unlock", "run-task"),
    *("freeze", "unfreeze"),
)
COMMANDS = (*ALONE, *ASKING, *ACTING)


def process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the console script."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RECONCILER")}
    return subprocess.run(
        [EXECUTABLE, *arguments], capture_output=True, text=True, timeout=PATIENCE, env=kept | environment, check=False
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example(cli: Cli, command: str) -> None:
    ended = cli(command, "--help")
    assert ended.code == 0
    assert f"Usage: reconciler {command}" in ended.out
    assert f"Example: reconciler {command}" in ended.out


def test_the_lists_above_are_complete() -> None:
    assert {name for name in build() if not name.startswith("-")} == {*COMMANDS, "provider", "token"}


def test_help_explains_the_exit_codes(cli: Cli) -> None:
    words = " ".join(cli("--help").out.split())
    assert "0 ok, 1 failed, 2 usage or invalid input, 3 drift or pending changes found" in words


def test_version_prints_the_version(cli: Cli) -> None:
    ended = cli("--version")
    assert ended.code == 0
    assert ended.out.strip().count(".") == 2


@pytest.mark.parametrize(
    "arguments", [("frobnicate",), ("get", "--frob"), ("get", "-o", "xml"), ("describe",), ("run", "x")]
)
def test_a_wrong_call_is_one_line_and_exit_2(cli: Cli, arguments: tuple[str, ...]) -> None:
    ended = cli(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("reconciler: ")
    assert len(ended.err.strip().splitlines()) == 1


@pytest.mark.parametrize("command", ["run", "config", "get", "plan"])
def test_a_bad_configuration_is_a_line_for_each_problem_and_exit_2(cli: Cli, command: str) -> None:
    Path("reconciler.yaml").write_text("gti: {url: x}\nhttp: {port: 99999}\n")
    ended = cli(command, "--config", "reconciler.yaml")
    assert (ended.code, ended.out) == (2, "")
    assert [line.split(" ")[0] for line in ended.err.splitlines()] == ["reconciler.yaml:1:1:", "reconciler.yaml:2:14:"]


def test_run_without_a_source_names_the_missing_settings(cli: Cli) -> None:
    ended = cli("run")
    assert ended.code == 2
    assert [line.split(":")[0] for line in ended.err.splitlines()] == ["git", "environments"]


COMMANDS_WITH_SETTINGS = {
    "run": (), "config": (), "plan": ("--repo", "."), "render": ("develop/orders", "out", "--repo", "."),
    "bootstrap": (), "verify": ("develop",), "get": (),
    "approve": ("develop/orders", "--digest", "d"), "wait": ("develop/orders", "--commit", "0123456"),
}  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS_WITH_SETTINGS)
def test_no_command_obeys_the_configuration_of_a_repository_that_it_runs_in(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    """The file names programs of the repository, an endpoint and a role; CI has credentials in its environment."""
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nenv > {tmp_path}/it-ran\n")
    program.chmod(0o755)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the-token-of-ci")
    where = "{account: '111122223333', region: eu-central-1, tier: develop, endpoint: 'http://127.0.0.1:9'}"
    Path("reconciler.yaml").write_text(
        f"terraform: {{binary: {program}}}\npolicy: {{command: [{program}]}}\nenvironments: {{develop: {where}}}\n"
    )
    ended = cli(command, *COMMANDS_WITH_SETTINGS[command])
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("reconciler.yaml: is in this folder, but not named")
    assert "Pass --config reconciler.yaml" in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not (tmp_path / "it-ran").exists()
    assert not (tmp_path / ".reconciler").exists()


def test_config_shows_values_and_origins(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("reconciler.yaml").write_text("git:\n  url: ssh://git.example/m.git\n")
    monkeypatch.setenv("RECONCILER__AUTH__TOKEN", "a-very-secret-token")
    out = cli("config", "--config", "reconciler.yaml").out
    assert '  url: "ssh://git.example/m.git"  # reconciler.yaml:2\n' in out
    assert '  token: "********"  # RECONCILER__AUTH__TOKEN\n' in out
    assert '  branch: "main"  # default\n' in out
    assert "very-secret" not in out


def test_config_prints_a_file_that_can_be_loaded_again(cli: Cli) -> None:
    Path("reconciler.yaml").write_text('state: {prefix: "a/"}\nstop: {drain: 0s}\n')
    first = cli("config", "--config", "reconciler.yaml").out
    Path("reconciler.yaml").write_text(first)
    again = cli("config", "--config", "reconciler.yaml").out
    assert [line.split("  #")[0] for line in again.splitlines()] == [
        line.split("  #")[0] for line in first.splitlines()
    ]


def test_an_unexpected_error_is_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("out of paper")

    monkeypatch.setattr("reconciler.config.load.load", fail)
    ended = cli("config")
    assert ended.code == 1
    assert ended.err.startswith("reconciler: unexpected error: RuntimeError: out of paper (RECONCILER_TRACEBACK=1")
    assert len(ended.err.splitlines()) == 1


def test_a_full_disk_is_not_reported_as_a_defect(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("reconciler.config.load.load", fail)
    ended = cli("config")
    assert ended.code == 1
    assert ended.err.startswith("reconciler: No space left on device: nothing could be written")
    assert "report" not in ended.err


def test_a_closed_pipe_ends_the_command_without_a_traceback(tmp_path: Path) -> None:
    for number in range(3000):
        (tmp_path / f"{number:04}.yaml").write_text("kind: Poem\n")
    script = f'"{EXECUTABLE}" validate . | head -1; echo "${{PIPESTATUS[0]}}"'
    command = ["bash", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=tmp_path, check=True)
    first, code = done.stdout.splitlines()
    assert first.startswith("0000.yaml:1:")
    assert code == "141"
    assert done.stderr == ""


def test_a_pipe_gets_no_colours(tmp_path: Path) -> None:
    done = process("--help", FORCE_COLOR="", NO_COLOR="1")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout


def test_the_console_script_exits_with_the_code_of_its_command(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("kind: Poem\n")
    assert process("validate", str(tmp_path)).returncode == 2
    assert process("get", "--url", "http://127.0.0.1:1").returncode == 1


def test_a_missing_configuration_file_is_one_line_without_a_traceback(tmp_path: Path) -> None:
    done = process("describe", "develop/orders", "--config", str(tmp_path / "gone.yaml"))
    assert done.returncode == 2
    assert done.stderr == f"{tmp_path}/gone.yaml: cannot be read: No such file or directory\n"
