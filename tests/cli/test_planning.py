"""`plan`, `render` and `bootstrap`: their requests, output and exit codes."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from desired_state.instance import Key
from desired_state.reading.document import Problem
from reconciler.app.dry_run import PlannedInstance
from reconciler.core.plan.summary import FailedCheck, Operation, ResourceSummary
from tests.cli.conftest import Cli

ORDERS = Key("develop", "orders")
NEW = PlannedInstance(
    ORDERS,
    "Service",
    provisional="placeholders for the platform's outputs",
    changes=(
        ResourceSummary("aws_ecs_service.this", ("create",), {"name": (None, "orders")}),
        ResourceSummary("aws_lb.b", ("move",), {}, ("moved from aws_lb.a",)),
    ),
    checks=(FailedCheck("check.health", "fail", ("the shop answers 503",)),),
    warnings=("Argument is deprecated",),
)
SAME = PlannedInstance(Key("develop", "platform"), "Platform", provisional=None)
BROKEN = PlannedInstance(Key("develop", "catalog"), "Service", provisional=None, error="no such subnet")
PROBLEM = Problem("services/x.yaml", 3, 5, "unknown field")


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict[str, Any]]]:
    """Return a function that makes the next `plan` return these instances; its result collects the arguments."""

    def prepare(*found: PlannedInstance, problems: Sequence[Problem] = ()) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []

        async def plan_once(_: object, **arguments: Any) -> tuple[Any, Any]:
            arguments.pop("progress")("planning develop/orders")
            asked.append(arguments)
            return found, tuple(problems)

        monkeypatch.setattr("reconciler.app.dry_run.plan_once", plan_once)
        return asked

    return prepare


def test_plan_shows_the_changes_of_each_instance_and_exits_3(cli: Cli, plans: Any) -> None:
    asked = plans(NEW, SAME)
    ended = cli("plan", "--repo", "m.git", "--commit", "abc", "develop/orders")
    rows = [line.split() for line in ended.out.splitlines()]
    assert ended.code == 3
    assert ["develop/orders", "Service", "0", "1", "1", "0", "0", "0", "0", "provisional:"] in [
        row[:10] for row in rows
    ]
    assert ["develop/platform", "Platform", "0", "0", "0", "0", "0", "0", "0"] in rows
    assert "  + aws_ecs_service.this\n  > aws_lb.b (moved from aws_lb.a)\n" in ended.out
    assert "  check.health (fail): the shop answers 503\n" in ended.out
    assert "  Argument is deprecated\n" in ended.out
    assert ended.out.endswith("1 of 2 instances would change\n")
    assert ended.err == "reconciler: planning develop/orders\n"
    assert asked == [{"repo": "m.git", "commit": "abc", "keys": [ORDERS]}]


def test_plan_as_json_is_only_json(cli: Cli, plans: Any) -> None:
    plans(NEW, problems=[PROBLEM])
    shown = json.loads(cli("plan", "--repo", "m", "-o", "json").out)
    assert shown["problems"] == ["services/x.yaml:3:5: unknown field"]
    assert shown["instances"] == [
        {
            "key": "develop/orders",
            "kind": "Service",
            "provisional": True,
            "counts": dict.fromkeys(get_args(Operation), 0) | {"create": 1, "move": 1},
            "changes": [
                {
                    "address": "aws_ecs_service.this",
                    "actions": ["create"],
                    "notes": [],
                    "attributes": {"name": {"old": None, "new": "orders", "redacted": False}},
                },
                {
                    "address": "aws_lb.b",
                    "actions": ["move"],
                    "notes": ["moved from aws_lb.a"],
                    "attributes": {},
                },
            ],
            "checks": [{"address": "check.health", "status": "fail", "messages": ["the shop answers 503"]}],
            "warnings": ["Argument is deprecated"],
            "denied": [],
            "refused": None,
            "error": None,
        }
    ]


def test_a_plan_denied_by_policy_fails_and_names_the_rule(cli: Cli, plans: Any) -> None:
    plans(replace(NEW, denied=("aws_vpc.this: mandatory tags: without Owner",)))
    ended = cli("plan", "--repo", "m")
    assert ended.code == 1
    assert "develop/orders is denied by policy: aws_vpc.this: mandatory tags: without Owner" in ended.out


def test_an_adoption_with_other_changes_fails_and_names_them(cli: Cli, plans: Any) -> None:
    plans(replace(NEW, refused="it would not only adopt what exists, but also create aws_vpc.this"))
    ended = cli("plan", "--repo", "m")
    assert ended.code == 1
    assert "also create aws_vpc.this" in " ".join(ended.out.split())


@pytest.mark.parametrize(
    ("found", "problems", "code"),
    [
        ([SAME], [], 0),
        ([SAME, NEW], [], 3),
        ([SAME, NEW], [PROBLEM], 2),
        ([SAME, NEW, BROKEN], [PROBLEM], 1),
    ],
)
def test_the_worst_result_decides_the_exit_code(
    cli: Cli, plans: Any, found: list[PlannedInstance], problems: list[Problem], code: int
) -> None:
    plans(*found, problems=problems)
    assert cli("plan", "--repo", "m").code == code


def test_an_instance_that_cannot_be_planned_shows_the_cause(cli: Cli, plans: Any) -> None:
    plans(BROKEN)
    assert "no such subnet" in cli("plan", "--repo", "m").out


def test_the_configured_repository_is_planned_unless_another_is_given(cli: Cli, plans: Any) -> None:
    asked = plans(SAME)
    assert cli("plan").code == 2
    Path("reconciler.yaml").write_text("git: {url: ssh://git.example/m.git}\n")
    cli("plan", "--config", "reconciler.yaml")
    assert asked[0]["repo"] == "ssh://git.example/m.git"


def test_render_writes_only_into_an_empty_folder(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    async def render(_: object, **arguments: Any) -> list[str]:
        asked.append(arguments)
        return ["cd out", "terraform init"]

    monkeypatch.setattr("reconciler.app.offline.render", render)
    Path("full").mkdir()
    Path("full/precious.tf").write_text("")
    assert cli("render", "develop/orders", "full", "--repo", "m").code == 2
    ended = cli("render", "develop/orders", "out", "--repo", "m")
    assert (ended.code, ended.out) == (0, "cd out\nterraform init\n")
    assert asked == [{"repo": "m", "commit": None, "key": ORDERS, "directory": Path("out")}]


def test_bootstrap_takes_all_environments_or_the_named_ones(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Sequence[str]] = []

    async def bootstrap(_: object, names: Sequence[str]) -> list[str]:
        asked.append(names)
        return ["111122223333 eu-central-1: bucket b, lock table t"]

    monkeypatch.setattr("reconciler.app.offline.bootstrap", bootstrap)
    assert cli("bootstrap").code == 2
    one = '{account: "111122223333", region: eu-central-1, tier: develop}'
    Path("reconciler.yaml").write_text(f"environments: {{develop: {one}, test: {one}}}\n")
    monkeypatch.setenv("RECONCILER_CONFIG", "reconciler.yaml")
    assert cli("bootstrap").out == "111122223333 eu-central-1: bucket b, lock table t\n"
    assert cli("bootstrap", "test").code == 0
    assert cli("bootstrap", "tset").code == 2
    assert asked == [["develop", "test"], ["test"]]
