"""Five services that exchange their priorities with the real Terraform, on a listener where a priority exists once."""

import asyncio
from pathlib import Path

import pytest

from desired_state.instance import Key
from reconciler.core.vocabulary import Reason
from tests.e2e.fleet import Fleet, fleet, service
from tests.standins import borrowed

pytestmark = [pytest.mark.aws, pytest.mark.chaos, pytest.mark.timeout(1500)]

KEYS = tuple(Key("develop", name) for name in ("alpha", "beta", "gamma", "delta", "epsilon"))
START, SWAP, ROTATION, CHAIN = (10, 20, 30, 40, 50), (20, 10, 30, 40, 50), (10, 30, 40, 50, 20), (30, 40, 50, 60, 20)
MOST_VISITS = 8  # of each service until all have their rule: a rotation of five takes six applies, one after another


def manifests(priorities: tuple[int, ...]) -> dict[str, str]:
    routes = {
        key.name: f"routing: {{paths: [/{key.name}], priority: {priority}}}"
        for key, priority in zip(KEYS, priorities, strict=True)
    }
    return {name: service(name, routing) for name, routing in routes.items()}


def in_force(stage: Fleet) -> tuple[int, ...]:
    """Return the priorities that the load balancer has, in the order of the services."""
    balancing = stage.aws.client("elbv2")
    (balancer,) = balancing.describe_load_balancers()["LoadBalancers"]
    listeners = balancing.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    rules = [
        rule
        for listener in listeners
        for rule in balancing.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        if not rule["IsDefault"]
    ]
    by_path = {
        value.strip("/"): int(rule["Priority"])
        for rule in rules
        for condition in rule["Conditions"]
        if condition["Field"] == "path-pattern"
        for value in condition["PathPatternConfig"]["Values"]
    }
    return tuple(by_path[key.name] for key in KEYS)


async def converge(stage: Fleet, wanted: tuple[int, ...]) -> None:
    """Push a commit with these priorities and visit the services until they are in force; none may fail."""
    await stage.accept(**manifests(wanted))
    for _ in range(MOST_VISITS):
        for key in KEYS:
            record = await stage.visit(key)
            assert record.failures is None, (str(key), record.conditions)
            assert record.reason not in {Reason.APPLY_FAILED, Reason.PLAN_FAILED}
        if in_force(stage) == wanted:
            return
    raise AssertionError(f"{in_force(stage)} instead of {wanted}")


def test_a_swap_a_rotation_and_a_chain_converge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        async with fleet(aws, tmp_path) as stage:
            await stage.accept(**manifests(START))
            await stage.make(*KEYS)
            assert in_force(stage) == START
            for wanted in (SWAP, ROTATION, CHAIN):
                await converge(stage, wanted)

    with borrowed() as aws:
        for name, value in aws.environment().items():
            monkeypatch.setenv(name, value)
        asyncio.run(play())
