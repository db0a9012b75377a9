"""Rules of single fields of a service, checked over all values."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from desired_state.instance import Key
from desired_state.service import ServiceSpec
from tests.desired_state.manifests import build_from, platform, problems_of, service, valid


def stop_timeout(manifest: dict[str, Any]) -> timedelta | None:
    spec = valid(manifest).spec
    assert isinstance(spec, ServiceSpec)
    return spec.stop_timeout


@given(st.integers(1, 600))
@example(1)
@example(2)
@example(120)
@example(121)
def test_a_stop_timeout_is_within_the_limits_of_fargate(seconds: int) -> None:
    manifest = service(stopTimeout=f"{seconds}s")
    if 2 <= seconds <= 120:
        assert stop_timeout(manifest) == timedelta(seconds=seconds)
    else:
        (message,) = problems_of(manifest)
        assert message.endswith("is out of range on Fargate: write 2s to 2m")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("121s", "stopTimeout 121s is out of range on Fargate: write 2s to 2m"),
        ("1h", "stopTimeout 1h is out of range on Fargate: write 2s to 2m"),
        (90, '"90" is not a duration: write it as 30s, 10m, 2h or 1d'),
        ("0s", '"0s" is not a duration: write it as 30s, 10m, 2h or 1d'),
        (True, '"True" is not a duration: write it as 30s, 10m, 2h or 1d'),
    ],
)
def test_a_wrong_stop_timeout_is_explained(value: object, message: str) -> None:
    assert problems_of(service(stopTimeout=value)) == [message]


@pytest.mark.parametrize(
    ("override", "expected"),
    [({}, timedelta(seconds=90)), ({"stopTimeout": "2m"}, timedelta(minutes=2)), ({"stopTimeout": None}, None)],
)
def test_an_override_replaces_a_stop_timeout_or_removes_it(
    override: dict[str, Any], expected: timedelta | None
) -> None:
    manifest = {**service(stopTimeout="90s"), "overrides": {"develop": override}}
    spec = build_from(platform(), manifest).instances[Key("develop", "orders")].spec
    assert isinstance(spec, ServiceSpec)
    assert spec.stop_timeout == expected


def test_the_default_stop_timeout_is_that_of_ecs() -> None:
    assert stop_timeout(service()) is None
