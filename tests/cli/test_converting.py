"""`import`, as a team uses it that has a definition of another tool."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.desired_state.test_versions import NEW, OLD
from tests.migration.cases import FOLDER, manifests

EXAMPLES = FOLDER / "examples"


def test_a_definition_becomes_a_manifest_on_stdout(cli: Cli) -> None:
    ended = cli("import", "copilot", str(EXAMPLES / "copilot/backend.yml"))
    assert (ended.code, ended.err) == (0, "")
    (manifest,) = manifests(ended.out)
    assert (manifest["kind"], manifest["metadata"]) == ("Service", {"name": "pricing"})
    assert "#   15:89 count.memory_percentage.cooldown: a service has one pair of cooldowns" in ended.out


def test_each_service_of_a_compose_file_becomes_a_document(cli: Cli) -> None:
    found = manifests(cli("import", "compose", str(EXAMPLES / "compose/shop.yaml")).out)
    assert [one["metadata"]["name"] for one in found] == ["web", "db", "cache"]


def test_the_configuration_of_ecspresso_is_followed(cli: Cli) -> None:
    folder = EXAMPLES / "ecspresso/one"
    followed = manifests(cli("import", "ecspresso", str(folder / "ecspresso.yml")).out)
    named = [str(folder / name) for name in ("ecs-task-def.json", "ecs-service-def.json", "ecspresso.yml")]
    assert followed == manifests(cli("import", "ecspresso", *named).out)
    assert followed[0]["spec"]["sidecars"][0]["name"] == "shell"


@pytest.mark.parametrize("name", ["../secret.json", "/etc/hostname"])
def test_a_configuration_of_ecspresso_names_no_file_elsewhere(cli: Cli, name: str) -> None:
    Path("below").mkdir()
    Path("below/ecspresso.yml").write_text(f"task_definition: {name}\n")
    Path("secret.json").write_text('{"containerDefinitions": []}')
    ended = cli("import", "ecspresso", "below/ecspresso.yml")
    assert (ended.code, ended.out) == (2, "")
    assert "is not beside it" in ended.err


def test_a_problem_has_its_place_and_nothing_is_written(cli: Cli) -> None:
    Path("compose.yaml").write_text("services:\n  a: &x {image: nginx}\n  b: *x\n")
    ended = cli("import", "compose", "compose.yaml")
    assert ended.code == 2
    assert [line.split(" ")[0] for line in ended.out.splitlines()] == ["compose.yaml:2:6:", "compose.yaml:3:6:"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["copilot"], "no file is given"),
        (["copilot", "gone.yml"], "gone.yml: cannot be read"),
        (["heroku", "a"], "heroku"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_2(cli: Cli, arguments: list[str], message: str) -> None:
    ended = cli("import", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


def test_no_text_of_a_definition_is_a_command_of_a_runner(cli: Cli) -> None:
    Path("m.yml").write_text(
        'name: a\ntype: Backend Service\nvariables: {"::error::x": "::x", A: "##[x]", B: "\\u202e"}\n'
    )
    ended = cli("import", "copilot", "m.yml")
    assert ended.code == 0
    assert not [line for line in ended.out.splitlines() if line.lstrip().startswith("::") or "##[" in line]
    assert manifests(ended.out)[0]["spec"]["env"] == {"A": "##[x]", "B": "\u202e"}


def test_migrate_rewrites_what_is_out_of_date_and_says_it(cli: Cli) -> None:
    Path("services").mkdir()
    Path("services/old.yaml").write_text(OLD)
    Path("services/new.yaml").write_text(NEW)
    Path("services/notes.txt").write_text(OLD)
    Path("services/old.yaml").chmod(0o640)
    checked = cli("migrate", "--check", "services")
    assert (checked.code, Path("services/old.yaml").read_text()) == (3, OLD)
    ended = cli("migrate", "services")
    assert (ended.code, ended.out) == (0, checked.out)
    assert ended.out.splitlines()[0].startswith("services/old.yaml:2:13: reconciler/v1beta1 is deprecated")
    assert Path("services/old.yaml").read_text() == Path("services/new.yaml").read_text() == NEW
    assert Path("services/notes.txt").read_text() == OLD
    assert Path("services/old.yaml").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in Path("services").iterdir()) == ["new.yaml", "notes.txt", "old.yaml"]
    again = cli("migrate", "--check", "services")
    assert (again.code, again.out) == (0, "")


def test_migrate_leaves_alone_what_it_cannot_read(cli: Cli) -> None:
    Path("a.yaml").write_text(broken := OLD + "kind: Service\n")
    ended = cli("migrate", "a.yaml")
    assert (ended.code, Path("a.yaml").read_text()) == (2, broken)
    assert "a.yaml:18:1: duplicate key" in ended.out
    assert cli("migrate").code == 2


def test_validate_says_what_is_out_of_date(cli: Cli) -> None:
    Path("a.yaml").write_text(OLD)
    ended = cli("validate", "a.yaml")
    assert ended.code == 0
    assert ended.out.splitlines()[1].startswith("note: a.yaml:2:13: reconciler/v1beta1 is deprecated")
    assert len(json.loads(cli("validate", "a.yaml", "-o", "json").out)["deprecated"]) == 3
    results = json.loads(cli("validate", "a.yaml", "-o", "sarif").out)["runs"][0]["results"]
    assert {(one["ruleId"], one["level"]) for one in results} == {("deprecated", "warning")}
