"""`validate` and `schema`, as a service team uses them before a push."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.patience import PATIENCE

EXAMPLES = Path(__file__).parents[2] / "desired_state" / "examples"

GOOD = """\
apiVersion: reconciler/v1
kind: Service
metadata: {name: orders}
spec:
  environments: [develop]
  type: internal
  runtime: python
  repository: acme/orders
  cpu: 256
  memory: 512
  port: 8080
  scaling: {min: 1, max: 2}
"""
BAD = """\
apiVersion: reconciler/v1
kind: Service
metadata: {name: orders}
spec:
  environments: [develop]
  type: internal
  runtime: python
  repository: acme/orders
  colour: red
  cpu: 256
  memory: 700
  port: 010
  scaling: {min: 1, max: 2}
  runtime: nodejs
"""


def test_the_examples_are_valid(cli: Cli) -> None:
    ended = cli("validate", str(EXAMPLES))
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("valid: ")
    assert "develop, prod, qa, test" in ended.out


def test_four_mistakes_in_one_file_are_four_lines(cli: Cli) -> None:
    Path("orders.yaml").write_text(BAD)
    ended = cli("validate", "orders.yaml")
    lines = ended.out.splitlines()
    assert ended.code == 2
    assert [line.split(" ")[0] for line in lines] == [
        "orders.yaml:9:3:",
        "orders.yaml:11:11:",
        "orders.yaml:12:9:",
        "orders.yaml:14:3:",
    ]
    for line, word in zip(lines, ("colour", "700", "010", "duplicate key"), strict=True):
        assert word in line


def test_problems_as_json(cli: Cli) -> None:
    Path("orders.yaml").write_text(BAD)
    ended = cli("validate", "orders.yaml", "-o", "json")
    shown = json.loads(ended.out)
    assert ended.code == 2
    assert [(item["path"], item["line"]) for item in shown["problems"]] == [("orders.yaml", n) for n in (9, 11, 12, 14)]
    assert shown["instances"] == []


@pytest.mark.parametrize(
    ("argument", "shown"),
    [
        (".", "services/orders.yaml:9:3:"),
        ("services", "services/orders.yaml:9:3:"),
        ("./services/orders.yaml", "services/orders.yaml:9:3:"),
        (".hidden", ".hidden/services/orders.yaml:9:3:"),
        ("../elsewhere", "../elsewhere/orders.yaml:9:3:"),
    ],
)
def test_paths_in_problems_can_be_opened_from_the_working_directory(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argument: str, shown: str
) -> None:
    here = tmp_path / "here"
    for folder in (here / "services", here / ".hidden" / "services", tmp_path / "elsewhere"):
        folder.mkdir(parents=True)
        (folder / "orders.yaml").write_text(BAD)
    monkeypatch.chdir(here)
    first = cli("validate", argument).out.splitlines()[0]
    assert first.startswith(shown)
    assert Path(first.split(":")[0]).is_file()


def test_files_that_the_daemon_does_not_read_are_ignored(cli: Cli) -> None:
    Path("orders.yaml").write_text(GOOD)
    Path("notes.txt").write_text("not: [yaml")
    Path(".github").mkdir()
    Path(".github/ci.yaml").write_text("on: push")
    assert cli("validate", ".").out == "valid: 1 files, 1 instances in develop\n"


def test_files_are_checked_against_each_other(cli: Cli) -> None:
    Path("a.yaml").write_text(GOOD + "  dependsOn: [billing]\n")
    Path("b.yaml").write_text(GOOD)
    problems = cli("validate", "a.yaml", "b.yaml").out
    assert "a.yaml:3:" in problems
    assert "b.yaml:3:" in problems


def test_no_configuration_is_read_without_the_option(cli: Cli, tmp_path: Path) -> None:
    Path("orders.yaml").write_text(GOOD)
    Path("reconciler.yaml").write_text("nonsense: true\n")
    assert cli("validate", "orders.yaml").code == 0
    ended = cli("validate", "orders.yaml", "--config", "reconciler.yaml")
    assert ended.code == 2
    assert ended.err.startswith("reconciler.yaml:1:1: nonsense: unknown key")


def test_with_a_configuration_environments_and_roots_are_checked(cli: Cli) -> None:
    Path("m").mkdir()
    Path("m/orders.yaml").write_text(GOOD)
    Path("tf/roots/platform").mkdir(parents=True)
    Path("tf/roots/platform/main.tf").write_text("")
    Path("r.yaml").write_text(
        "terraform: {source: {path: tf}}\n"
        'environments: {test: {account: "111122223333", region: eu-central-1, tier: test}}\n'
    )
    ended = cli("validate", "m", "--config", "r.yaml")
    assert ended.code == 2
    assert "m/orders.yaml:5:" in ended.out
    assert "develop" in ended.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [([], "no path is given"), (["gone"], "gone: no such file or folder"), (["--frob", "x"], "Unknown option")],
)
def test_a_wrong_call_is_one_line_and_exit_2(cli: Cli, arguments: list[str], message: str) -> None:
    ended = cli("validate", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert len(ended.err.strip().splitlines()) == 1


@pytest.mark.parametrize("content", [b"", b"\x00", b"\xff\xfe", b"[" * 200, b"a: &x 1\nb: *x\n"])
def test_any_bytes_get_an_answer(cli: Cli, content: bytes) -> None:
    Path("x.yaml").write_bytes(content)
    ended = cli("validate", "x.yaml")
    assert ended.code == (0 if content == b"" else 2)
    assert ended.err == ""


def test_text_of_a_manifest_cannot_control_the_terminal(cli: Cli) -> None:
    Path("x.yaml").write_text(GOOD.replace("python", '"\\u202e[bold]x"'))
    ended = cli("validate", "x.yaml")
    assert ended.code == 2
    assert "\u202e" not in ended.out
    assert "[bold]x" in ended.out


def test_the_schema_of_one_kind_or_of_all(cli: Cli) -> None:
    every = json.loads(cli("schema").out)
    assert sorted(every) == ["job", "module", "platform", "service"]
    assert json.loads(cli("schema", "service").out) == every["service"]
    assert cli("schema", "poem").code == 2


MODULE = """\
apiVersion: reconciler/v1
kind: Module
metadata: {name: audit}
spec:
  environments: [test]
  root: audit
  inputs:
    retention: 30
    keep: 7654e32
"""


def test_inputs_are_checked_where_the_root_is_known_and_otherwise_a_note_says_why_not(cli: Cli) -> None:
    Path("audit.yaml").write_text(MODULE.replace("7654e32", '"7654e32"'))
    unknown = cli("validate", "audit.yaml")
    assert (unknown.code, unknown.out.splitlines()) == (
        0,
        [
            "valid: 1 files, 1 instances in test",
            "note: audit.yaml:8:5: the inputs are not checked: no Terraform source is given",
        ],
    )
    Path("tf/roots/audit").mkdir(parents=True)
    Path("tf/roots/audit/main.tf").write_text('variable "retention" { type = string }\n')
    Path("r.yaml").write_text(
        "terraform: {source: {path: tf}}\n"
        'environments: {test: {account: "111122223333", region: eu-central-1, tier: test}}\n'
    )
    known = cli("validate", "audit.yaml", "--config", "r.yaml")
    assert (known.code, known.out.splitlines()) == (
        2,
        [
            "audit.yaml:8:16: inputs.retention must be text: put it in quotes",
            'audit.yaml:9:5: the root audit has no variable "keep": remove it',
        ],
    )
    shown = json.loads(cli("validate", "audit.yaml", "-o", "json").out)
    assert [item["message"] for item in shown["unchecked"]] == [
        "the inputs are not checked: no Terraform source is given"
    ]


def test_an_input_that_yaml_parsers_read_differently_is_a_problem(cli: Cli) -> None:
    Path("audit.yaml").write_text(MODULE)
    assert cli("validate", "audit.yaml").out.splitlines()[0] == (
        "audit.yaml:9:11: 7654e32 is ambiguous (a number or text): write 7.654e+35, or quote it"
    )


def test_a_time_zone_is_known_without_those_of_the_system() -> None:
    """Slim images and some laptops have no zone files: the package `tzdata` has them (G17)."""
    window = '{days: [mon], from: "08:00", to: "18:00", timezone: Europe/Berlin}'
    Path("orders.yaml").write_text(GOOD + f"  policy: {{windows: [{window}]}}\n")
    ended = subprocess.run(
        [Path(sys.executable).with_name("reconciler"), "validate", "orders.yaml"],
        env={**os.environ, "PYTHONTZPATH": ""},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, "valid: 1 files, 1 instances in develop\n")


def test_the_name_of_a_file_forges_no_line_and_no_annotation(cli: Cli) -> None:
    for name in ("a\n::error file=b.yaml,line=1::forged.yaml", "::error ::forged.yaml", "x\x9b2J\u202e.yaml"):
        Path(name).write_text("kind: Nothing\n")
    out = cli("validate", ".").out
    assert len(out.splitlines()) == 3
    assert not [line for line in out.splitlines() if line.lstrip().startswith("::")]
    assert "a\\n::error file=b.yaml,line=1::forged.yaml:1:" in out
    assert "x\\x9b2J\\u202e.yaml:1:" in out
    shown = cli("validate", ".", "-o", "json").out
    assert not {"\x9b", "\u202e"} & set(shown)
