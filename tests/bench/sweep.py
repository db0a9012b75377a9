"""A drift sweep: a plan of each of many instances that finds nothing, several at a time.

Each side gets the concurrency that suits it best, found on a few of the instances first. The instances have
directories, variables and states of their own; the states are copies of one applied service, so they read the same
resources, which costs a plan exactly what resources of its own would. While it runs, the CPU of the stand-in is
watched: it answers one request at a time, so its share of the wall time is the part of a sweep that waits for AWS
whatever Terraform costs.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.cases import INIT, MODEL, PLAN
from tests.bench.measure import Cost, cpu_of
from tests.bench.sides import Side
from tests.bench.stage import Stage

LEVELS = (1, 2, 4, 8)
TRIED = 8


@dataclass(frozen=True, slots=True)
class Sweep:
    """One sweep. `answering` is the stand-in's share of the wall time, `tried` the wall time of the few by level."""

    instances: int
    at_once: int
    wall: float
    cpu: float
    shared: float
    rss: int
    answering: float
    tried: dict[int, float] = field(default_factory=dict)


async def prepare(stage: Stage, side: Side, count: int, say: Callable[[str], None]) -> list[Path]:
    """Make the instances: initialised, with the provider installed for plain runs, and a state each."""
    say(f"making {count} instances for the sweep")
    names = [f"s{number:03}" for number in range(count)]
    stage.copy_state(MODEL, names)
    installed = stage.directory / MODEL / "roots/service/.terraform/providers"
    variables = stage.directory / MODEL / "roots/service/terraform.tfvars.json"
    roots = []
    for name in names:
        root = stage.instance(name)
        shutil.copy(variables, root)
        await side.terraform(root, *INIT)
        shutil.copytree(installed, root / ".terraform/providers", symlinks=True, dirs_exist_ok=True)
        roots.append(root)
    return roots


async def at_best(stage: Stage, side: Side, roots: Sequence[Path], say: Callable[[str], None]) -> Sweep:
    """Find the best concurrency on a few, then sweep all."""
    tried = {}
    for level in LEVELS:
        tried[level] = (await _sweep(stage, side, roots[:TRIED], level)).wall
        say(f"sweep of {len(roots[:TRIED])}, {side.name}, {level} at once: {tried[level]:.2f} s")
    best = min(tried, key=lambda level: tried[level])
    done = await _sweep(stage, side, roots, best, tried=tried)
    say(f"sweep of {done.instances}, {side.name}, {best} at once: {done.wall:.2f} s")
    return done


async def _sweep(
    stage: Stage, side: Side, roots: Sequence[Path], level: int, *, tried: dict[int, float] | None = None
) -> Sweep:
    turns = asyncio.Semaphore(level)

    async def plan(root: Path) -> Cost:
        async with turns:
            return await side.terraform(root, *PLAN)

    answered, shared = cpu_of([stage.standin.pid]), side.shared()
    began = time.monotonic()
    costs = await asyncio.gather(*(plan(root) for root in roots))
    wall = time.monotonic() - began
    return Sweep(
        instances=len(roots),
        at_once=level,
        wall=wall,
        cpu=sum(cost.cpu for cost in costs),
        shared=side.shared() - shared,
        rss=int(statistics.median(cost.rss for cost in costs)),
        answering=(cpu_of([stage.standin.pid]) - answered) / wall,
        tried=tried or {},
    )
