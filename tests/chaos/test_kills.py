"""SIGKILL at seeded random moments: of a provider process, of the warm provider, of the daemon itself.

After each kill everything converges by itself: every resource in AWS is in a state and the reverse, each with the
value that is wanted, and no lock is held. At the end no process is left. The default suite kills three times, one of
each; `make chaos` kills 50 times (about an hour) and prints how long each return took. Terraform itself is
killed elsewhere (`tests/e2e/test_locks.py`).
"""

import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.standin import StandIn
from reconciler.provider.package import PackageNotFound, locate
from tests.chaos.stage import NAMES, Stage
from tests.provider.terraform_runs import mirrors

pytestmark = [
    pytest.mark.aws,
    pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="finds processes where Linux shows them"),
]

TARGETS = ("provider", "warm provider", "daemon")
RETURNS_WITHIN = 600.0  # on a machine that is full of other work; how long each return took is printed
LONGEST_DELAY = 4.0  # a change of the three takes about that long
SEED = 20_24


@pytest.fixture
def stage(standin: StandIn, tmp_path: Path) -> Iterator[Stage]:
    try:
        locate(mirrors(), None)
    except PackageNotFound:
        pytest.skip("the AWS provider is in no mirror of this machine")
    made = Stage(tmp_path, standin)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop(signal.SIGTERM)


def strike(stage: Stage, target: str, value: str, queue: str, chance: random.Random) -> tuple[str, str]:
    """Wait a random while into a change, then kill; when there is nothing to kill yet, as soon as there is.

    A change that is over before that (it ran plainly: the warm provider was still coming back) is followed by another.
    Returns the value that is wanted in the end, and what was found.
    """
    time.sleep(chance.uniform(0, LONGEST_DELAY))

    def killed() -> bool:
        nonlocal value
        if stage.kill(target):
            return True
        if settled(stage, value):
            value = f"{value}+"
            stage.want(value, queue)
        return False

    stage.until(killed, within=RETURNS_WITHIN)
    locks = len(stage.locks())
    if target == "daemon":
        stage.start()
    return value, f"{locks} locks were held"


def settled(stage: Stage, value: str) -> bool:
    """True when all instances have what is wanted, and say so."""
    found = [stage.instance(name) for name in NAMES]
    if not all(one and one["current"] and one["ready"] for one in found):
        return False
    return all(stage.state(name).get("outputs", {}).get("value", {}).get("value") == value for name in NAMES)


@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.chaos)])
def test_what_is_killed_comes_back_and_nothing_is_lost(stage: Stage, kills: int) -> None:
    chance = random.Random(SEED)
    targets = [TARGETS[number % len(TARGETS)] for number in range(kills)]
    chance.shuffle(targets)
    stage.start()
    stage.want("0", "q0")
    stage.until(lambda: settled(stage, "0"), within=RETURNS_WITHIN)
    assert stage.in_states() == stage.in_aws() == stage.wanted("0", "q0")
    for number, target in enumerate(targets, start=1):
        value, queue = str(number), f"q{number}"
        stage.want(value, queue)
        value, found = strike(stage, target, value, queue, chance)
        began = time.monotonic()
        stage.until(lambda value=value: settled(stage, value), within=RETURNS_WITHIN)  # type: ignore[misc]  # lambda default
        took = time.monotonic() - began
        print(f"kill {number}: {target}, {found}, settled after {took:.1f} s")  # noqa: T201 - what the long form shows
        stage.until(lambda: not stage.locks(), within=RETURNS_WITHIN)
        assert stage.in_states() == stage.in_aws() == stage.wanted(value, queue), f"after kill {number} ({target})"
    assert stage.stop(signal.SIGTERM) == 0
    stage.until(lambda: not stage.left(), within=RETURNS_WITHIN)
    assert not stage.sockets.exists()
