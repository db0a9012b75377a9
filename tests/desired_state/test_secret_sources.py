"""Sources of secrets: what is written is kept, both forms mean the same, and an ARN needs a permission."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired_state.checks.conflicts import EnvironmentFacts
from desired_state.instance import Key
from desired_state.kinds.container.secret import SecretSource
from desired_state.kinds.service.spec import ServiceSpec
from tests.desired_state.manifests import build_from, platform, problems_of, service, valid
from tests.desired_state.parts import secret_sources

ARN = "arn:aws:secretsmanager:eu-central-1:999900001111:secret:partner/key-AbCdEf"
PARAMETER = "arn:aws:ssm:eu-central-1:123456789012:parameter/shop/db"
VERSION = "0b1e2f3a-0b1e-4f3a-8b1e-0b1e2f3a4c5d"
PROXY = {"name": "proxy", "image": "registry.example/proxy:1"}


def source(written: object) -> SecretSource:
    spec = valid(service(secrets={"A": written})).spec
    assert isinstance(spec, ServiceSpec)
    return spec.secrets["A"]


@pytest.mark.parametrize(
    ("text", "mapping"),
    [
        ("orders/url", {"secret": "orders/url"}),
        ("orders/db:password", {"secret": "orders/db", "key": "password"}),
        ("orders/db:password::", {"secret": "orders/db", "key": "password"}),
        ("orders/db::AWSPREVIOUS:", {"secret": "orders/db", "stage": "AWSPREVIOUS"}),
        (f"orders/db:password::{VERSION}", {"secret": "orders/db", "key": "password", "version": VERSION}),
        ("rds!db-0a1b-4c5d6e7f8a9b:username", {"secret": "rds!db-0a1b-4c5d6e7f8a9b", "key": "username"}),
        (ARN, {"secret": ARN}),
        (f"{ARN}:user::", {"secret": ARN, "key": "user"}),
        (PARAMETER, {"parameter": PARAMETER}),
    ],
)
def test_a_text_and_its_mapping_read_the_same(text: str, mapping: dict[str, str]) -> None:
    one, other = source(text), source(mapping)
    assert (one.name, one.part, one.parameter, one.is_arn) == (other.name, other.part, other.parameter, other.is_arn)


@given(secret_sources)
def test_law_a_source_is_kept_as_it_is_written(written: object) -> None:
    """A record that is read again has the same text, so no digest changes and no service is planned again."""
    assert source(written).model_dump(mode="json") == written
    assert SecretSource.model_validate(source(written).model_dump(mode="json")) == source(written)


@given(secret_sources, st.sampled_from([None, {"key": "other"}, {"stage": "AWSPREVIOUS"}, "orders/other", PARAMETER]))
def test_law_an_override_that_is_valid_can_be_merged(written: object, patch: object) -> None:
    manifest = {**service(secrets={"A": written}), "overrides": {"develop": {"secrets": {"A": patch}}}}
    snapshot = build_from(platform(), manifest)
    assert bool(snapshot.problems) == (Key("develop", "orders") not in snapshot.instances)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({}, "a source of a secret is one of secret and parameter: write exactly one of them"),
        ({"parameter": "/a", "key": "k"}, "a parameter has no key: remove it, or write secret"),
        ({"secret": "a", "stage": "x", "version": VERSION}, "a version is named by version or by stage: remove one"),
        ({"secret": "a", "version": "1"}, '"1" is not the id of a version: write its 32 to 64 characters'),
        ({"secret": "a", "key": "a b"}, '"a b" is not a key of a secret\'s JSON, without spaces and colons'),
        ("a:b:c:d:e", '"a:b:c:d:e" is not the name of a secret in Secrets Manager'),
        ({"parameter": "/a//b"}, '"/a//b" is not a parameter of SSM: write its name, such as /orders/url, or its ARN'),
        (
            ARN.removesuffix("-AbCdEf"),
            f'"{ARN[:60]}…" is not the ARN of a secret, which ends in a hyphen and six characters: '
            "write all of it, or the secret's name",
        ),
        (5, "spec.secrets.A must be text: put it in quotes"),
        (["a"], "spec.secrets.A must be text"),
    ],
)
def test_a_source_that_is_none_is_explained(written: object, message: str) -> None:
    assert problems_of(service(secrets={"A": written})) == [message]


@pytest.mark.parametrize(
    ("changes", "at"),
    [({"secrets": {"A": ARN}}, "A"), ({"sidecars": [{**PROXY, "secrets": {"A": PARAMETER}}]}, "A")],
)
def test_an_arn_needs_the_permission_of_its_environment(changes: dict[str, Any], at: str) -> None:
    def problems(facts: EnvironmentFacts) -> list[str]:
        snapshot = build_from(platform(), service(**changes), environments={"develop": facts})
        return [problem.message for problem in snapshot.problems]

    assert problems(EnvironmentFacts("develop")) == problems(EnvironmentFacts("qa", frozenset({"secret-arns"}))) == []
    assert problems(EnvironmentFacts("qa")) == [
        "a secret or parameter by its ARN, which may be another account's, is not allowed in develop (tier qa): remove "
        "it, or have secret-arns added to environments.develop.allow of the daemon's configuration"
    ]
