"""The forms in which `validate` reports problems: excerpts on a terminal, SARIF, hooks and pipelines of the docs."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from reconciler.cli.excerpt import excerpt
from tests.cli.conftest import Cli
from tests.cli.test_validate import BAD, GOOD
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "validating.md").read_text()


def test_on_a_terminal_each_problem_has_its_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("orders.yaml").write_text(BAD)
    assert " | " not in cli("validate", "orders.yaml").out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    lines = cli("validate", "orders.yaml").out.splitlines()
    assert lines[0].startswith("orders.yaml:9:3: unknown field")
    assert lines[1:3] == ["     9 |   colour: red", "       |   ^^^^^^"]
    assert lines[4:6] == ["    11 |   memory: 700", "       |           ^^^"]


@pytest.mark.parametrize(
    ("content", "line", "column", "shown"),
    [
        (b"a: b", 1, 4, ["     1 | a: b", "       |    ^"]),
        (b'a: "b c"  # d', 1, 4, ['     1 | a: "b c"  # d', "       |    ^^^^^"]),
        ("名前: 値段".encode(), 1, 5, ["     1 | 名前: 値段", "       |       ^^^^"]),
        (b"a:\tb", 1, 4, ["     1 | a:\\tb", "       |     ^"]),
        (b"a: \x1b[2J", 1, 1, ["     1 | a: \\x1b[2J", "       | ^"]),
        (b"a", 1, 2, ["     1 | a", "       |  ^"]),
        (b"a", 2, 1, []),
        (b"", 1, 1, []),
        (b"\xff\xfe", 1, 1, ["     1 | ��", "       | ^^"]),
    ],
)
def test_carets_stand_under_the_word(content: bytes, line: int, column: int, shown: list[str]) -> None:
    assert excerpt(content, line, column) == shown


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode), st.integers(0, 5), st.integers(0, 500))
def test_any_content_at_any_place_gives_two_short_lines_or_none(content: bytes, line: int, column: int) -> None:
    lines = excerpt(content, line, column)
    assert len(lines) in {0, 2}
    for one in lines:
        assert one.isprintable() or not re.search("[\x00-\x1f\x7f-\x9f\u202e\u2028]", one)
    if lines:
        assert set(lines[1]) <= {" ", "|", "^"}
        assert "^" in lines[1]
        assert cell_len(lines[1]) <= 1300


def test_a_long_line_is_cut_around_the_place() -> None:
    line, carets = excerpt(b"x" * 50 + b" bad " + b"y" * 5000, 1, 52)
    assert len(line) < 200
    assert line[carets.index("^") :].startswith("bad")


def test_sarif_has_every_problem_at_its_place(cli: Cli) -> None:
    Path("a b.yaml").write_text(BAD)
    ended = cli("validate", "a b.yaml", "-o", "sarif")
    log = json.loads(ended.out)
    (run,) = log["runs"]
    assert (ended.code, log["version"]) == (2, "2.1.0")
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    found = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert {result["ruleId"] for result in run["results"]} == {"manifest"} < rules
    assert {place["artifactLocation"]["uri"] for place in found} == {"a%20b.yaml"}
    shown = json.loads(cli("validate", "a b.yaml", "-o", "json").out)["problems"]
    regions = [place["region"] for place in found]
    assert regions == [{"startLine": one["line"], "startColumn": one["column"]} for one in shown]
    assert [result["message"]["text"] for result in run["results"]] == [one["message"] for one in shown]


def test_sarif_of_valid_manifests_is_a_run_without_results(cli: Cli) -> None:
    Path("a.yaml").write_text(GOOD)
    ended = cli("validate", "a.yaml", "-o", "sarif")
    assert (ended.code, json.loads(ended.out)["runs"][0]["results"]) == (0, [])


def examples() -> list[Any]:
    """Read the YAML examples of the page."""
    return [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)]


def commands(value: Any) -> Iterator[str]:
    """Yield the shell lines of a pipeline."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name in {"run", "script"}:
                yield from [one] if isinstance(one, str) else one
            else:
                yield from commands(one)
    elif isinstance(value, list):
        for one in value:
            yield from commands(one)


def hook_command() -> str:
    """Return the line that pre-commit runs for the hook of the page."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (used,) = [one for example in examples() if "repos" in example for one in example["repos"][0]["hooks"]]
    assert used["id"] == hook["id"]
    assert hook["pass_filenames"] is False
    return shlex.join([*shlex.split(hook["entry"]), *used["args"]])


LINES = [line for line in [hook_command(), *commands(examples())] if not line.startswith("pip install ")]


def test_the_pipelines_install_and_validate() -> None:
    assert len(LINES) == 4
    assert sum(line.startswith("pip install ") for line in commands(examples())) == 2


@pytest.mark.parametrize("line", sorted(set(LINES)))
@pytest.mark.parametrize(("manifest", "is_valid"), [(GOOD, True), (BAD, False)])
def test_each_shell_line_of_the_page_does_what_it_says(
    tmp_path: Path, line: str, manifest: str, is_valid: bool
) -> None:
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "orders.yaml").write_text(manifest)
    ended = subprocess.run(
        ["bash", "-ec", line],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if "sarif" in line:
        assert ended.returncode == 0
        results = json.loads((tmp_path / "manifests.sarif").read_text())["runs"][0]["results"]
        assert bool(results) is not is_valid
    else:
        assert (ended.returncode == 0) is is_valid, ended.stderr
        assert ("manifests/orders.yaml:9:3:" in ended.stdout) is not is_valid


def test_the_modeline_of_the_page_is_read_as_a_comment(cli: Cli) -> None:
    (modeline,) = re.findall(r"^    (# yaml-language-server: \$schema=\S+)$", PAGE, re.MULTILINE)
    Path("a.yaml").write_text(f"{modeline}\n{GOOD}")
    assert cli("validate", "a.yaml").code == 0
    assert json.loads(cli("schema", "manifest").out)["required"] == ["kind"]
