"""People get into the account and do there what they are for: their journeys, decided by the policies of its plan.

Each policy bears on some journey: without one of its statements, or one of its conditions, a journey ends otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any, cast

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from deploy.local.iam import Policies, Policy, decide, read
from deploy.local.iam.principal import Kind
from tests.iam.journeys import (
    ANN,
    BOB,
    CAROL,
    COMPANY,
    DAN,
    FAY,
    IDENTITY,
    JOURNEYS,
    KEY,
    ON_CALL,
    TOPIC,
    Step,
)  # fmt: skip
from tests.terraform.inputs import ACCOUNT, ENGINEERS, Variables, account_variables, but
from tests.terraform.properties.accounts import ROOT
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.laboratory import read as instances

Documents = dict[str, Any]
Accounts = dict[bool, Documents]
USERS = {
    ANN: ("require_mfa", "self_service", "operate"),
    BOB: ("require_mfa", "self_service", "looking"),
    DAN: ("operate",),
    FAY: ("self_service",),
}
PERMISSION_SET = ENGINEERS.rpartition("_")[0] + "_*"
# The user's own account allows to take on roles, as docs/access.md shows it; and Bob to look.
TAKING_ON = {
    "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
    "Resource": f"arn:aws:iam::{ACCOUNT}:role/account-*",
}
GIVEN = {
    "taking-on": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **TAKING_ON}]},
    "looking": {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}],
    },
}
# The age of MFA is there only if MFA is, so a trust that asks for it asks for both.
IMPLIED = ("trust", "PeopleWithMfa", "aws:MultiFactorAuthPresent")


def variables(strict: bool) -> Variables:
    federated = {"role_arns": [ON_CALL, PERMISSION_SET], "saml_provider_arns": [COMPANY]}
    people = {"trusted_arns": [ANN, CAROL], "federated": federated}
    given = but(account_variables("prod"), people=people)
    if not strict:
        return given
    identities = {"federated": {"source_identities": ["ann"]}}
    return but(given, people=identities, mfa_delete="enabled_out_of_band", break_glass_policies=["ReadOnlyAccess"])


@pytest.fixture(scope="module")
def accounts(laboratory: Laboratory) -> Accounts:
    """The documents of the account and of the strict one, by name."""
    given = [variables(strict) for strict in (False, True)]
    planned = instances(laboratory.plan(ROOT, given), given)
    return {strict: documents(instance) for strict, instance in zip((False, True), planned, strict=True)}


def documents(instance: Instance) -> Documents:
    plan = instance.plan
    roles = [role for role in plan.of("aws_iam_role") if role.address.startswith("module.access")]
    trusts = [role.document("assume_role_policy") for role in roles]
    assert all(trust == trusts[0] for trust in trusts), "roles are taken on in one way"
    buckets = {str(policy.key): policy.document("policy") for policy in plan.of("aws_s3_bucket_policy")}
    managed = json.loads(aws_managed_policies_data)
    attached = {
        f"{each.values['role']} {name}": managed[name]["Document"]
        for each in plan.of("aws_iam_role_policy_attachment")
        if each.address.startswith("module.access")
        for name in [each.values["policy_arn"].rpartition("/")[2]]
    }
    inline = {
        f"{each.values['role']} own": each.document("policy")
        for each in plan.of("aws_iam_role_policy")
        if each.address.startswith("module.access")
    }
    users = {str(each.key): each.document("policy") for each in plan.of("aws_iam_policy")}
    resources = {
        "trust": trusts[0],
        "bucket": buckets["trail"],
        "topic": plan.one("aws_sns_topic_policy").document("policy"),
        "key": plan.one("aws_kms_key").document("policy"),
    }
    return {**GIVEN, **attached, **inline, **users, **resources}


def ends_well(step: Step, accounts: Accounts) -> bool:
    """Say whether the policies decide a step as it is written down."""
    found = accounts[step.strict]
    decision = decide(step.request, Policies(identity=identity(step, found), resource=resource(step, found)))
    return decision.allowed is step.allowed


def identity(step: Step, found: Documents) -> list[Policy]:
    principal = step.principal
    if principal.kind not in (Kind.USER, Kind.ROLE_SESSION):
        return []
    names = ["taking-on"]
    if principal.account == ACCOUNT and principal.kind is Kind.USER:
        names += USERS[principal.arn]
    if principal.account == ACCOUNT and principal.role:
        role = principal.role.rpartition("/")[2]
        names = [name for name in found if name.startswith(f"{role} ")]
    assert principal.account in (ACCOUNT, IDENTITY)
    return [read(found[name]) for name in names]


def resource(step: Step, found: Documents) -> Policy | None:
    service = step.action.partition(":")[0]
    asked = {"sts": "trust", "s3": "bucket", "sns": "topic", "kms": "key"}.get(service)
    assert step.resource in (TOPIC, KEY) or asked not in ("topic", "key")
    return read(found[asked]) if asked else None


STEPS = [step for steps in JOURNEYS.values() for step in steps]


@pytest.mark.parametrize("journey", JOURNEYS)
def test_a_journey_goes_as_it_is_written_down(accounts: Accounts, journey: str) -> None:
    assert [str(step) for step in JOURNEYS[journey] if not ends_well(step, accounts)] == []


Mutation = Callable[[Documents], None]


def statement(found: Documents, name: str, sid: str) -> dict[str, Any]:
    (one,) = (each for each in found[name]["Statement"] if each.get("Sid") == sid)
    return cast("dict[str, Any]", one)


def mfa_in_a_role_policy(found: Documents) -> None:
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    statement(found, "account-operator own", "RunServices")["Condition"] = mfa


def roles_in_an_mfa_trust(found: Documents) -> None:
    with_mfa, roles = (statement(found, "trust", sid) for sid in ("PeopleWithMfa", "PeopleWithRoles"))
    with_mfa["Principal"]["AWS"] += roles["Principal"]["AWS"]
    found["trust"]["Statement"].remove(roles)


def no_grant_of_the_key(found: Documents) -> None:
    found["key"]["Statement"].remove(statement(found, "key", "Alarms"))


def source_key_on_the_key(found: Documents) -> None:
    statement(found, "key", "Alarms")["Condition"] = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def no_new_password_without_mfa(found: Documents) -> None:
    statement(found, "require_mfa", "NothingWithoutMfa")["NotAction"].remove("iam:ChangePassword")


FAULTS = [
    mfa_in_a_role_policy,
    roles_in_an_mfa_trust,
    no_grant_of_the_key,
    source_key_on_the_key,
    no_new_password_without_mfa,
]


def kills(mutation: Mutation, accounts: Accounts) -> bool:
    broken = {strict: deepcopy(found) for strict, found in accounts.items()}
    for found in broken.values():
        mutation(found)
    return not all(ends_well(step, broken) for step in STEPS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_that_was_found_ends_a_journey(accounts: Accounts, fault: Mutation) -> None:
    assert kills(fault, accounts)


def test_without_one_statement_or_condition_a_journey_ends_otherwise(accounts: Accounts) -> None:
    tried = dict(mutants(accounts[True]))
    assert len(tried) >= 30
    survivors = [name for name, mutation in tried.items() if not kills(mutation, accounts)]
    assert survivors == [IMPLIED]


def mutants(found: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Mutation]]:
    """Every statement taken away, and every condition: of people's policies, of the topic, of deletions and alarms."""
    for name in ("trust", "require_mfa", "self_service", "operate", "account-operator own", "account-break-glass own",
                 "topic", "bucket", "key"):  # fmt: skip
        for each in found[name]["Statement"]:
            if (name, each["Sid"]) in OF_SERVICES:
                continue
            yield (name, each["Sid"]), without_statement(name, each["Sid"])
            for operator, keys in each.get("Condition", {}).items():
                for key in keys:
                    yield (name, each["Sid"], key), without_condition(name, each["Sid"], operator, key)


# Their journeys are those of services.
OF_SERVICES = {
    *(("bucket", sid) for sid in ("TrailLooksAtTheBucket", "TrailWrites", "DenyInsecureTransport")),
    *(("key", sid) for sid in ("Root", "TrailFiles", "TrailDescribesItsKey", "TrailLogGroup")),
}


def without_statement(name: str, sid: str) -> Mutation:
    def mutation(found: Documents) -> None:
        found[name]["Statement"].remove(statement(found, name, sid))

    return mutation


def without_condition(name: str, sid: str, operator: str, key: str) -> Mutation:
    def mutation(found: Documents) -> None:
        statement(found, name, sid).get("Condition", {}).get(operator, {}).pop(key, None)

    return mutation
