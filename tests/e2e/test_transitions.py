"""Transitions of services: after each call of an apply, requests that were answered still are."""

import asyncio
import shutil
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.e2e.transitions.changes import CHANGES, DEPLOYING
from tests.e2e.transitions.player import Player, player
from tests.e2e.transitions.wanted import Wanted
from tests.standins import borrowed
from tests.terraform.runs import PROJECT

pytestmark = [pytest.mark.aws, pytest.mark.timeout(3600)]

ORDERS = Wanted("orders", 120, ("/orders", "/orders/*"))
MOVED = replace(ORDERS, port=9090)
FLEET = (
    Wanted("alpha", 10, ("/alpha", "/alpha/*", "/shared")),
    Wanted("beta", 20, ("/beta", "/beta/*")),
    Wanted("gamma", None),
)
SEEDS, PAIRS = range(4), 16
WAY = "add a second service with another name"


def test_port_and_type_change_without_an_outage_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(stage: Player) -> None:
        stage.use_terraform(former_terraform(tmp_path))
        await stage.begin(ORDERS)
        stage.use_terraform(PROJECT / "terraform")
        groups = stage.aws.client("elbv2").describe_target_groups()["TargetGroups"]
        assert await stage.change(MOVED) == "safe", "also of a service that an earlier version made"
        assert stage.aws.client("elbv2").describe_target_groups()["TargetGroups"] == groups, "the group is replaced"
        assert await stage.change(replace(MOVED, priority=None, paths=()), take_back=False) == "refused"
        assert WAY in stage.refusal
        assert await stage.change(ORDERS, failing=True, take_back=False) == "rolled back"

    play(story, tmp_path, monkeypatch)


@pytest.mark.chaos
@pytest.mark.parametrize("seed", SEEDS)
def test_generated_transitions_are_safe_or_refused_with_the_safe_way(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng, seen = Random(seed), Counter[str]()

    async def story(stage: Player) -> None:
        await stage.begin(*FLEET)
        for number in range(PAIRS):
            kind = list(CHANGES)[number % len(CHANGES)]
            services = CHANGES[kind](rng, stage.wanted)
            outcome = await stage.change(*services, failing=kind in DEPLOYING and rng.random() < 0.4)
            seen[outcome] += 1
            sys.stdout.write(f"{kind}: {outcome}; {', '.join(service.name for service in services)}\n")
            assert (outcome == "refused") == (kind == "type"), (kind, outcome, stage.refusal)
            assert outcome != "refused" or WAY in stage.refusal
        for spot in (True, False):
            seen[await stage.offer(spot=spot)] += 1
        for name in ("alpha", "beta"):
            renamed = replace(stage.wanted[name], renamed=f"{name}-next", port=5000)
            seen[await stage.change(renamed)] += 1

    play(story, tmp_path, monkeypatch)
    sys.stdout.write(f"{seen.total()} transitions: {dict(seen)}\n")
    assert seen.total() == PAIRS + 4


def former_terraform(folder: Path) -> Path:
    """Return the Terraform code with the target group of version 0.1.0, whose port and name follow the container's."""
    former = Path(
        shutil.copytree(PROJECT / "terraform", folder / "former", ignore=shutil.ignore_patterns(".terraform"))
    )
    file = former / "modules/service/ingress.tf"
    text = file.read_text()
    for present, then in (
        ("[local.full_name, var.platform.vpc_id]", "[local.full_name, local.port, var.platform.vpc_id]"),
        ("port                 = 80\n", "port                 = local.port\n"),
        ("    ignore_changes        = [name, port]\n", ""),
    ):
        assert present in text
        text = text.replace(present, then)
    file.write_text(text)
    return former


def play(story: Callable[[Player], Awaitable[None]], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Play a story on a stand-in."""

    async def played() -> None:
        async with player(aws, folder) as stage:
            await story(stage)

    with borrowed() as aws:
        for name, value in aws.environment().items():
            monkeypatch.setenv(name, value)
        asyncio.run(played())
