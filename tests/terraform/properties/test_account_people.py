"""The account root, proven: how people get in, and where MFA is demanded of whom."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from tests.terraform.properties.accounts import (
    ROOT,
    SSO,
    of_users_only,
    statements,
    with_identities,
    with_roles,
    with_saml,
    with_users,
)  # fmt: skip
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.refusal import Refusal, refused

POLICIES, TRUST = (f"modules/access/{name}.tf" for name in ("policies", "trust"))
ACCESS = "module.access"
SETTING_UP_MFA = {
    "iam:ChangePassword", "iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:GetAccountPasswordPolicy",
    "iam:GetMFADevice", "iam:GetUser", "iam:ListMFADevices", "iam:ListVirtualMFADevices", "iam:ResyncMFADevice",
    "sts:GetSessionToken",
}  # fmt: skip
TAKING_ON = ["sts:AssumeRole", "sts:SetSourceIdentity"]


@proof(
    54,
    "MFA enforcement for production",
    of=ROOT,
    broken_by=[
        Edit(POLICIES, '{ BoolIfExists = { "aws:MultiFactorAuthPresent" = "false" } }',
             '{ Bool = { "aws:MultiFactorAuthPresent" = "false" } }', says="access keys"),
        Edit(POLICIES, '    "sts:GetSessionToken",\n', '    "sts:GetSessionToken",\n    "s3:*",\n', says="without MFA"),
        Edit(POLICIES, '    "iam:ChangePassword",\n', "", says="setting up MFA"),
        Edit(POLICIES, "concat([local.require_mfa], local.operating)", "local.operating", says="operate"),
        Edit(POLICIES, ':codepipeline:${local.regional}:*"]\n', ':codepipeline:${local.regional}:*"]\n'
             "      Condition = local.with_mfa\n", says="carries no MFA"),
        Edit(TRUST, "merge(local.with_mfa, {", "merge({}, {", says="taken on without MFA", where=with_users),
        Edit(TRUST, 'NumericLessThan = { "aws:MultiFactorAuthAge" = tostring(var.people.mfa_age_seconds) }', "",
             says="old", where=with_users),
        Edit(TRUST, "{ AWS = var.people.trusted_arns }", "{ AWS = concat(var.people.trusted_arns, local.plain_roles) }",
             says="can meet it", where=with_roles),
        Edit(TRUST, '["sts:AssumeRole", "sts:SetSourceIdentity"]\n  kept', '["sts:AssumeRole"]\n  kept',
             says="source identity", where=with_roles),
        Edit(TRUST, '"aws:SourceIdentity" = wanted } if length(wanted) > 0', '"aws:SourceIdentity" = wanted } if false',
             says="as any person", where=with_identities),
        Edit(TRUST, '"SAML:aud" = [', '"SAML:iss" = [', says="audience", where=with_saml),
    ],
)  # fmt: skip
def test_property_54_mfa_enforcement_for_production(instance: Instance) -> None:
    """Users do nothing without MFA but set it up; a role is taken on with a user's fresh MFA, or with the identity
    provider's, and its sessions, which carry no MFA, are asked for none."""
    policies = {str(policy.key): policy for policy in instance.plan.of("aws_iam_policy")}
    assert set(policies) == {"require_mfa", "self_service", "operate"}
    for name in ("require_mfa", "operate"):
        deny = statements(policies[name]).get("NothingWithoutMfa", {})
        assert deny.get("Effect") == "Deny", f"{name} lets somebody act without MFA"
        assert deny["Resource"] == "*"
        assert set(deny["NotAction"]) == SETTING_UP_MFA, "more or less than setting up MFA is possible without MFA"
        assert deny["Condition"] == {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, (
            "access keys, which say nothing of MFA, are let through"
        )
    for inline in instance.plan.of("aws_iam_role_policy"):
        assert "MultiFactorAuth" not in inline.values["policy"], f"a session of {inline.address} carries no MFA"
    roles = instance.plan.of("aws_iam_role")
    asking = [role.key or role.name for role in roles if "MultiFactorAuth" in role.values["assume_role_policy"]]
    humans = [role for role in roles if role.address.startswith(ACCESS)]
    assert {role.key for role in humans} == {"reader", "operator", "break_glass"}
    assert set(asking) <= {role.key for role in humans}, "a service has no MFA"
    for role in humans:
        trusts(instance, statements(role, "assume_role_policy"))


def trusts(instance: Instance, trust: dict[str, dict[str, Any]]) -> None:
    """Assert that exactly the people that were named are trusted, each kind under conditions that it can meet."""
    given = instance.variables["people"]
    federated, environment = given["federated"], instance.variables["environment"]
    roles = [arn for arn in federated["role_arns"] if not arn.endswith("_*")]
    sets = [arn for arn in federated["role_arns"] if arn not in roles]
    users, identities = trust.get("PeopleWithMfa", {}), federated["source_identities"]
    if given["trusted_arns"]:
        condition = users["Condition"]
        assert condition.get("Bool") == {"aws:MultiFactorAuthPresent": "true"}, "a role is taken on without MFA"
        age = {"aws:MultiFactorAuthAge": str(given["mfa_age_seconds"])}
        assert condition.get("NumericLessThan") == age, "MFA may be old"
    assert users.get("Principal", {"AWS": []}) == {"AWS": given["trusted_arns"]}, "not only users, who can meet it"
    kept = {"StringLike": {"aws:SourceIdentity": identities}} if identities else {}
    if roles:
        chained = trust["PeopleWithRoles"]
        assert chained["Principal"] == {"AWS": roles}, "others may take it on"
        assert chained["Action"] == TAKING_ON, "a session with a source identity is refused"
        asked = chained.get("Condition", {})
        assert "Bool" not in asked, "a session of a role is asked for MFA, and no such session can meet it"
        assert asked == kept, "a session may act as any person"
    if sets:
        chained = trust["PeopleWithPermissionSets"]
        owners = {f"{arn.partition(':role/')[0]}:root" for arn in sets}
        assert set(chained["Principal"]["AWS"]) == owners, "others may take it on"
        assert chained["Action"] == TAKING_ON, "a session with a source identity is refused"
        assert chained["Condition"] == {"ArnLike": {"aws:PrincipalArn": sets}} | kept, "not the permission set alone"
    if federated["saml_provider_arns"]:
        direct = trust["PeopleOfSamlProviders"]
        assert direct["Principal"] == {"Federated": federated["saml_provider_arns"]}
        assert direct["Action"] == ["sts:AssumeRoleWithSAML", "sts:SetSourceIdentity"]
        audiences = direct["Condition"]["StringEquals"].get("SAML:aud", [])
        assert audiences, "assertions for any audience are taken"
        assert all(audience.startswith("https://") and audience.endswith("/saml") for audience in audiences)
        assert any(f"//{environment['region']}.signin." in audience for audience in audiences)
        asserted = {"StringLike": {"sts:SourceIdentity": identities}} if identities else {}
        assert {"StringLike": {}} | direct["Condition"] == {"StringLike": {}} | direct["Condition"] | asserted
    expected = {
        "PeopleWithMfa": given["trusted_arns"], "PeopleWithRoles": roles, "PeopleWithPermissionSets": sets,
        "PeopleOfSamlProviders": federated["saml_provider_arns"],
    }  # fmt: skip
    assert set(trust) == {sid for sid, named in expected.items() if named}, "others may take it on"


ROLE = "arn:aws:iam::111122223333:role/engineers"
ENGINEERS = f"arn:aws:iam::111122223333:{SSO}"
WRONG = [
    Refusal("people.trusted_arns", st.sampled_from([["arn:aws:iam::111122223333:root"], ["*"], [ROLE], [ENGINEERS]])),
    Refusal("people.trusted_arns", st.just([]), says=("nobody could take on",), where=of_users_only, name="nobody"),
    Refusal("people.federated.role_arns", st.sampled_from([["arn:aws:iam::111122223333:user/ann"], [f"{ROLE}-*"]])),
    Refusal("people.federated.saml_provider_arns", st.just(["arn:aws:iam::111122223333:saml-provider/of-another"])),
    Refusal("people.federated.source_identities", st.sampled_from([["no space"], [""]]), where=with_saml),
    Refusal("people.session_seconds", st.sampled_from([0, 3599, 43201])),
    Refusal("people.mfa_age_seconds", st.sampled_from([0, 299, 43201])),
    Refusal("break_glass_policies", st.sampled_from([["arn:aws:iam::aws:policy/X"], [""], ["*"]])),
]


@pytest.mark.parametrize("refusal", WRONG, ids=str)
def test_wrong_input_is_refused_with_variable_and_value(laboratory: Laboratory, refusal: Refusal) -> None:
    refused(laboratory, ROOT, refusal)
