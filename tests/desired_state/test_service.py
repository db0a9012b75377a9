"""Rules of single fields of a service, checked over all values."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from desired_state.instance import Key
from desired_state.kinds.service.spec import ServiceSpec
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


@pytest.mark.parametrize(
    ("delivery", "message"),
    [
        ({"branch": "-x"}, '"-x" is not the name of a branch'),
        ({"timeout": "4m"}, "timeout 4m is no time for a build: write whole minutes, 5m to 36h"),
        ({"timeout": "330s"}, "timeout 330s is no time for a build: write whole minutes, 5m to 36h"),
        ({"timeout": "37h"}, "timeout 37h is no time for a build: write whole minutes, 5m to 36h"),
        (
            {"compute": "huge"},
            '"huge" is not a choice for spec.delivery.compute: the choices are 2xlarge, large, medium, small, xlarge',
        ),
        (
            {"scanner": "registry.example/trivy:1"},
            '"registry.example/trivy:1" has no digest, so it can become another program:'
            " write @sha256: and the digest after it",
        ),
        ({"branches": ["-x"]}, '"-x" is not a pattern of branches, such as release/*'),
        ({"context": "../other"}, '"../other" leads out of the repository: write a path inside of it'),
        ({"dockerfile": "/Dockerfile"}, '"/Dockerfile" is not a path in the repository'),
        ({"target": "run time"}, '"run time" is not the name of a stage of a Dockerfile'),
        ({"buildArgs": {"A": "x\ny"}}, '"x\\ny" is not a value of one line in ASCII'),
        (
            {"buildArgs": {"NPM_TOKEN": "x"}},
            "NPM_TOKEN looks like a secret: store it in Secrets Manager and write that secret's name under secrets",
        ),
        ({"runtimeVersion": "lts"}, '"lts" is not a version such as "22" or "3.13"'),
        ({"runtimeVersion": 3.13}, "spec.delivery.runtimeVersion must be text: put it in quotes"),
    ],
)
def test_a_build_that_codebuild_would_refuse_is_explained(delivery: dict[str, Any], message: str) -> None:
    assert problems_of(service(delivery=delivery)) == [message]


def test_an_image_has_a_tag_a_digest_or_both() -> None:
    digest = f"@sha256:{'0' * 64}"
    for version in (":1", digest, f":1{digest}"):
        valid(service(sidecars=[{"name": "proxy", "image": f"registry.example/proxy{version}"}]))
