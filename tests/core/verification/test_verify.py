"""`verify`: a sound account has no findings, and each violation of a statement is found, and only that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desired_state.checks.conflicts import Tier
from reconciler.core.verification.account import Account
from reconciler.core.verification.finding import PREREQUISITE, STATEMENTS
from reconciler.core.verification.verify import verify
from tests.core.verification.sound import but, sound
from tests.core.verification.violations import VIOLATIONS


def test_a_sound_environment_has_no_findings() -> None:
    assert verify(sound(), environment="prod", tier="prod") == ()


@pytest.mark.parametrize(("account", "statement", "resource", "finding"), VIOLATIONS)
def test_a_violation_is_found(account: Account, statement: int, resource: str, finding: str) -> None:
    findings = verify(account, environment="prod", tier="prod")
    (first, *_) = [each for each in findings if each.statement == statement and resource in each.resource]
    assert first.found == finding


def test_every_statement_has_a_violation() -> None:
    assert {statement for _, statement, _, _ in VIOLATIONS} == {*STATEMENTS, PREREQUISITE}


def test_only_the_violation_is_found() -> None:
    narrow = [case for case in VIOLATIONS if case[1] not in (5, 8, 13, 15, 31, 47, 51)]
    for account, statement, _, _ in narrow:
        assert {each.statement for each in verify(account, environment="prod", tier="prod")} <= {statement}


@pytest.mark.parametrize(
    ("tier", "branches"), [("develop", set()), ("test", {"release/*.*.*"}), ("qa", {"release/*.*.*"})]
)
def test_other_tiers_have_other_pipelines_and_retention(tier: str, branches: set[str]) -> None:
    account = but("pipelines", branches=frozenset(branches), stages=("Source", "Build", "Deploy"))
    kept = replace(account, log_groups=tuple(replace(group, days=30) for group in account.log_groups))
    assert verify(kept, environment="prod", tier=tier) == ()  # type: ignore[arg-type]  # one of the four


@pytest.mark.parametrize("key", ["0123-s3", "alias/prod-s3", "arn:aws:kms:eu-central-1:1:alias/prod-s3"])
def test_a_key_may_be_named_by_its_id_or_its_alias(key: str) -> None:
    assert verify(but("stores", 2, encryption=key), environment="prod", tier="prod") == ()


@pytest.mark.parametrize("tier", ["develop", "test", "qa", "prod"])
def test_roles_need_a_boundary_in_every_tier(tier: Tier) -> None:
    found = verify(but("roles", boundary=None), environment="prod", tier=tier)
    assert [each.found for each in found if each.statement == 50] == ["has no permissions boundary"]


def test_managed_policies_of_the_configuration_are_for_the_code_alone() -> None:
    listed = frozenset({"AmazonBedrockReadOnly"})
    code = but("roles", 1, attached=listed, inline=frozenset({"read-secrets", "use-data"}))
    assert verify(code, environment="prod", tier="prod", policies=listed) == ()
    for account in (code, but("roles", 0, attached=listed)):
        (found,) = verify(
            account, environment="prod", tier="prod", policies=listed if account is not code else frozenset()
        )
        assert "AmazonBedrockReadOnly" in found.found


def test_a_quota_is_a_prerequisite_and_no_statement_of_the_requirements() -> None:
    (found,) = verify(but("quotas", used=5), environment="prod", tier="prod")
    assert found.title == "Prerequisite"


def test_a_pipeline_that_only_builds_needs_no_approval() -> None:
    events = frozenset(event for event in sound().pipelines[0].events if "approval" not in event)
    assert verify(but("pipelines", stages=("Source", "Build"), events=events), environment="prod", tier="prod") == ()
