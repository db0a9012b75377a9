"""Plans of each feature of Terraform's plan format, made by the real terraform with its built-in provider."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.cli.output import changes, print_remarks
from reconciler.core.plan.model import Plan, describe, entries, summarise
from reconciler.core.plan.read import read
from reconciler.core.ports.terraform import Run, Workspace
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.views.changes import plan as view_of
from reconciler.core.vocabulary import Reason, Sync
from tests.core.instances import NOW
from tests.edges.conftest import Stage
from tests.engine.fake_engine import FakeEngine
from tests.engine.fakes.terraform import FakeTerraform

REDACTOR = Redactor(b"a key for tests")
BACKEND = 'terraform {\n  backend "s3" {}\n}\n'
SECRET = 'variable "secret" {\n  sensitive = true\n  default   = "zqhunter2-of-today"\n}\n'
PLAIN = 'resource "terraform_data" "a" {\n  input = "one"\n}\n'
KEYED = """resource "terraform_data" "each" {
  for_each = toset(["k.d", "a/b", "q\\"q", "c[0]"])
  input    = %s
}
"""
SENSITIVE = """resource "terraform_data" "a" {
  input = { list = [{ pin = var.secret, open = %s }], "we.ird/key" = var.secret }
}
"""
REPLACED = 'resource "terraform_data" "a" {\n  triggers_replace = { "k.d" = %s }\n}\n'
CHECK = """check "c" {
  assert {
    condition     = terraform_data.a.output == "two"
    error_message = "it is ${terraform_data.a.output}"
  }
}
"""
NESTED = """check "nested" {
  data "terraform_remote_state" "self" {
    backend = "local"
    config  = { path = "terraform.tfstate" }
  }
  assert {
    condition     = data.terraform_remote_state.self.outputs != null
    error_message = "there is no state"
  }
}
"""


@dataclass(frozen=True, slots=True)
class Feature:
    """A root before and after a change, and the plan that is expected: phrase, entries and failed checks."""

    before: str
    after: str
    phrase: str
    told: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    warnings: int = 0
    state: Callable[[dict[str, Any]], None] = lambda state: None


def leave_behind(state: dict[str, Any]) -> None:
    """Leave an object beside the present one, as a replacement does that fails after its create."""
    (resource,) = state["resources"]
    resource["instances"].append(resource["instances"][0] | {"deposed": "973ee40d"})


def taint(state: dict[str, Any]) -> None:
    state["resources"][0]["instances"][0]["status"] = "tainted"


FEATURES: dict[str, Feature] = {
    "move": Feature(
        PLAIN,
        PLAIN.replace('"a"', '"b"') + "moved {\n  from = terraform_data.a\n  to = terraform_data.b\n}\n",
        "1 to move",
        ("> terraform_data.b (moved from terraform_data.a)",),
    ),
    "move and change": Feature(
        PLAIN,
        PLAIN.replace('"a"', '"b"').replace("one", "two")
        + "moved {\n  from = terraform_data.a\n  to = terraform_data.b\n}\n",
        "1 to update",
        (
            "~ terraform_data.b (moved from terraform_data.a)",
            '    input: "one" → "two"',
            '    output: "one" → "(known after apply)"',
        ),
    ),
    "import": Feature(
        "",
        'resource "terraform_data" "a" {}\nimport {\n  to = terraform_data.a\n  id = "an-id"\n}\n',
        "1 to import",
        ("= terraform_data.a", '    import: null → "an-id"'),
    ),
    "removed": Feature(PLAIN, "", "1 to destroy", ("- terraform_data.a (is not in the root any more)",)),
    "forget": Feature(
        PLAIN,
        "removed {\n  from = terraform_data.a\n  lifecycle {\n    destroy = false\n  }\n}\n",
        "1 to forget",
        (". terraform_data.a (stays in AWS, Terraform forgets it; is not in the root any more)",),
        warnings=1,
    ),
    "deposed": Feature(
        PLAIN,
        PLAIN,
        "1 to destroy",
        ("- terraform_data.a (deposed object 973ee40d, left by a replacement that did not end)",),
        state=leave_behind,
    ),
    "tainted": Feature(PLAIN, PLAIN, "1 to replace", ("± terraform_data.a (is tainted)",), state=taint),
    "replace paths": Feature(
        REPLACED % '"1"',
        REPLACED % '"2"',
        "1 to replace",
        (
            "± terraform_data.a (cannot be updated in place: triggers_replace)",
            '    triggers_replace["k.d"]: "1" → "2"',
        ),
    ),
    "keys with dots, quotes and slashes": Feature(
        KEYED % "each.key",
        KEYED % "{ (each.key) = 1 }",
        "4 to update",
        ('~ terraform_data.each["q\\"q"]', '    input: "q\\"q" → {"q\\"q": 1}'),
    ),
    "outputs only": Feature(
        PLAIN + 'output "o" {\n  value = { a = 1, b = "x" }\n}\n',
        PLAIN + 'output "o" {\n  value = { a = true, b = "x" }\n}\n',
        "outputs change",
        ("~ output.o", "    value.a: 1 → true"),
    ),
    "a check that fails": Feature(PLAIN, PLAIN + CHECK, "no changes", checks=("check.c (fail): it is one",)),
    "a check that reads": Feature(PLAIN, PLAIN + NESTED, "no changes"),
    "nested sensitive": Feature(
        SECRET + SENSITIVE % "1",
        SECRET.replace("today", "tomorrow") + SENSITIVE % "2",
        "1 to update",
        ("    input.list.0.open: 1 → 2",),
    ),
    "no change": Feature(PLAIN, PLAIN, "no changes"),
}


async def planned(stage: Stage, feature: Feature) -> Plan:
    """Apply the root as it was, change its state, and plan it as it is."""
    terraform = stage.terraform()
    async with terraform.workspace(await stage.run(BACKEND + feature.before)) as workspace:
        await workspace.plan()
        await workspace.apply()
        state = json.loads(await workspace.read_state())
    feature.state(state)
    state["serial"] = state.get("serial", 0) + 1
    async with terraform.workspace(await stage.run(BACKEND + feature.after + "# now\n")) as workspace:
        await workspace.write_state(json.dumps(state))
        return read(await workspace.plan(), REDACTOR)


@pytest.mark.parametrize("name", FEATURES)
async def test_a_plan_of_this_feature_is_told_in_these_words(
    stage: Stage, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    feature = FEATURES[name]
    plan = await planned(stage, feature)
    shown = view_of(summarise(plan, drift=(), now=NOW))
    assert shown is not None
    lines = list(changes(shown["changes"]))
    print_remarks(shown["checks"], shown["warnings"])
    remarks = capsys.readouterr().out
    assert describe(plan) == feature.phrase
    assert [line for line in feature.told if line not in lines] == []
    assert [check for check in feature.checks if f"  {check}\n" not in remarks] == []
    assert len(plan.warnings) == feature.warnings
    assert plan.is_empty == (feature.phrase == "no changes") == (not entries(plan))
    assert "zqhunter2" not in json.dumps(shown) + remarks
    assert plan.partial is None


@dataclass
class Roots(FakeTerraform):
    """Terraform on one root, whose text changes and whose state stays."""

    stage: Stage
    text: str
    state: str = ""

    @asynccontextmanager
    async def workspace(self, run: Run) -> AsyncIterator[Workspace]:
        async with self.stage.terraform().workspace(await self.stage.run(BACKEND + self.text)) as workspace:
            if self.state and json.loads(await workspace.read_state() or "{}") != json.loads(self.state):
                await workspace.write_state(self.state)
            yield workspace
            self.state = await workspace.read_state()

    def addresses(self) -> list[str]:
        return [f"{found['type']}.{found['name']}" for found in json.loads(self.state)["resources"]]


async def test_a_plan_that_only_moves_is_applied_and_the_resource_survives_the_end_of_its_block(stage: Stage) -> None:
    """Seen: the state never learned of the move, and without the block `auto` destroyed and made the resource again."""
    moved, block = FEATURES["move"].after.split("moved {")
    terraform = Roots(stage, FEATURES["move"].before)
    engine = FakeEngine(terraform)
    await engine.pass_interval()
    made = json.loads(terraform.state)["resources"][0]["instances"][0]["attributes"]["id"]
    terraform.text = f"{moved}moved {{{block}"
    record = await engine.pass_interval()
    assert terraform.addresses() == ["terraform_data.b"]
    assert (record.sync, record.reason) == (Sync.IN_SYNC, Reason.APPLIED)
    terraform.text = moved
    record = await engine.pass_interval()
    assert record.plan is not None
    assert record.plan.changes == ()
    assert json.loads(terraform.state)["resources"][0]["instances"][0]["attributes"]["id"] == made
