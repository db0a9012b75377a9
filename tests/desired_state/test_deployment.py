"""Rules of `spec.deployment`: the room of a rollout, what another provider brings, what has to be allowed."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from desired_state.checks.conflicts import EnvironmentFacts
from desired_state.kinds.service import deployment
from tests.desired_state.manifests import build_from, messages, platform, problems_of, public, service, valid

PROJECT = Path(__file__).resolve().parents[2]


@given(st.integers(0, 100), st.integers(100, 200), st.integers(1, 20), st.integers(0, 20))
@example(50, 100, 1, 0)
@example(0, 100, 1, 5)
@example(67, 100, 3, 0)
def test_a_rollout_is_refused_exactly_if_it_would_stand_still_at_a_number_of_tasks(
    least: int, most: int, fewest: int, more: int
) -> None:
    """ECS rounds the tasks that keep running up, and the tasks that may run down."""
    manifest = service(
        scaling={"min": fewest, "max": fewest + more},
        deployment={"minimumHealthyPercent": least, "maximumPercent": most},
    )
    stuck = [n for n in range(fewest, fewest + more + 1) if math.floor(n * most / 100) <= math.ceil(n * least / 100)]
    if not stuck:
        valid(manifest)
        return
    (message,) = problems_of(manifest)
    assert message.startswith(f"with {stuck[0]} task")
    assert f"at least {least} % of them have to run and at most {most} % may" in message


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"strategy": "blueGreen"},
            "strategy blueGreen needs version 6.4.0 of the AWS provider, and this version of the daemon runs 5.100.0:"
            " write rolling, or remove it",
        ),
        (
            {"strategy": "canary"},
            "strategy canary needs version 6.21.0 of the AWS provider, and this version of the daemon runs 5.100.0:"
            " write rolling, or remove it",
        ),
        (
            {"bakeTime": "5m"},
            "bakeTime needs version 6.4.0 of the AWS provider, and this version of the daemon runs 5.100.0: remove it;"
            " ECS watches rollbackAlarms for a time that it chooses itself",
        ),
        (
            {"rollbackAlarms": ["server-errors"]},
            'an internal service has no alarm "server-errors": write cpu, memory or running-tasks, or the name of an'
            " alarm of yours",
        ),
        ({"rollbackAlarms": ["cpu", "cpu"]}, '"cpu" is listed twice'),
        ({"forceNew": "once more"}, '"once more" is not a word: letters, digits and ._:-'),
        ({"maximumPercent": 250}, "spec.deployment.maximumPercent is 250, but must be at most 200"),
    ],
)
def test_a_rollout_that_cannot_be_is_explained(given: dict[str, Any], message: str) -> None:
    (found,) = problems_of(service(deployment=given))
    assert found == message


def test_the_provider_of_the_messages_is_the_one_that_is_locked() -> None:
    lock = (PROJECT / "terraform/roots/service/.terraform.lock.hcl").read_text()
    assert re.findall(r'version\s+= "([^"]+)"', lock) == [deployment._LOCKED]


def test_a_locked_provider_that_has_the_strategies_needs_no_message_any_more() -> None:
    """Fails once the provider is new enough: then `deployment_configuration` belongs into the module."""
    locked = tuple(map(int, deployment._LOCKED.split(".")))
    assert locked < min(tuple(map(int, version.split("."))) for version in deployment._BROUGHT_BY.values())


@pytest.mark.parametrize(
    ("given", "name", "says"),
    [
        (
            {"minimumHealthyPercent": 50},
            "fewer-tasks-while-deploying",
            "a rollout that stops tasks before new ones run",
        ),
        ({"circuitBreaker": False}, "no-circuit-breaker", "a rollout that is not taken back when it fails"),
    ],
)
def test_what_makes_a_rollout_less_safe_has_to_be_allowed(given: dict[str, Any], name: str, says: str) -> None:
    manifests = (platform("qa"), service(environments=["qa"], deployment=given))
    (problem,) = build_from(*manifests, environments={"qa": EnvironmentFacts("qa")}).problems
    assert problem.message.startswith(f"{says} is not allowed in qa (tier qa)")
    assert f"{name} added to environments.qa.allow" in problem.message
    assert build_from(*manifests, environments={"qa": EnvironmentFacts("qa", frozenset({name}))}).problems == ()
    safe = service(environments=["qa"], deployment={"minimumHealthyPercent": 100, "circuitBreaker": True})
    assert messages(build_from(platform("qa"), safe, environments={"qa": EnvironmentFacts("qa")}).problems) == []


def test_a_build_of_other_branches_has_to_be_allowed() -> None:
    manifests = (platform("qa"), service(environments=["qa"], delivery={"branches": ["main"]}))
    (problem,) = build_from(*manifests, environments={"qa": EnvironmentFacts("qa")}).problems
    assert problem.message.startswith("a build of other branches than those of the tier is not allowed in qa")
    allowed = {"qa": EnvironmentFacts("qa", frozenset({"other-branches"}))}
    assert build_from(*manifests, environments=allowed).problems == ()


def test_a_public_service_has_the_alarms_of_requests() -> None:
    spec = valid(public("shop", paths=["/"], priority=1, deployment={"rollbackAlarms": ["server-errors"]})).spec
    assert json.loads(spec.model_dump_json(exclude_defaults=True))["deployment"] == {
        "rollbackAlarms": ["server-errors"]
    }
