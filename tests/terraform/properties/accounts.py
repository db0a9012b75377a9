"""Instances of the account root, and how to pick those that can tell."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.terraform.inputs import Variables
from tests.terraform.plans import Resource
from tests.terraform.properties import strategies
from tests.terraform.properties.subjects import Subject

RULES = {
    "CLOUD_TRAIL_ENABLED", "CLOUD_TRAIL_ENCRYPTION_ENABLED", "CMK_BACKING_KEY_ROTATION_ENABLED",
    "ECS_CONTAINERS_NONPRIVILEGED", "ECS_CONTAINERS_READONLY_ACCESS", "ELB_LOGGING_ENABLED", "IAM_USER_MFA_ENABLED",
    "MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS", "REQUIRED_TAGS", "S3_BUCKET_PUBLIC_READ_PROHIBITED",
    "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED", "SECRETSMANAGER_ROTATION_ENABLED_CHECK", "SNS_ENCRYPTED_KMS",
    "VPC_FLOW_LOGS_ENABLED",
}  # fmt: skip
SSO = "role/aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_Engineers_*"


@st.composite
def tops(draw: st.DrawFn) -> Variables:
    aws = {"role_arn": None, "s3_use_path_style": False}
    return {"environment": draw(strategies.environments()), "aws": aws, "tags": draw(strategies.tags)}


def principals(*kinds: str, most: int = 2) -> st.SearchStrategy[list[str]]:
    arns = st.builds("arn:aws:iam::{}:{}".format, strategies.accounts, st.sampled_from(kinds))
    return st.lists(arns, max_size=most, unique=True)


@st.composite
def people(draw: st.DrawFn, environment: Variables) -> Variables:
    """Principals of every kind that can get in: at least one, and source identities of federated ones only."""
    provider = strategies.arn(environment, "iam", "saml-provider/company", region=False)
    federated = {
        "role_arns": draw(principals("role/engineers", "role/team/on-call", SSO, SSO.replace("*", "0123456789abcdef"))),
        "saml_provider_arns": draw(st.sampled_from([[], [provider]])),
    }
    users = draw(principals("user/ann", "user/team/bob"))
    needed = [] if any(federated.values()) else ["arn:aws:iam::444455556666:user/ann"]
    identities = draw(st.sampled_from([[], ["ann", "bob*"]])) if any(federated.values()) else []
    return {
        "trusted_arns": users or needed,
        "federated": federated | {"source_identities": identities},
        "session_seconds": draw(st.integers(3600, 43200)),
        "mfa_age_seconds": draw(st.integers(300, 43200)),
    }


@st.composite
def accounts(draw: st.DrawFn, top: Variables) -> Variables:
    others = st.lists(strategies.accounts, max_size=3, unique=True)
    way = draw(st.sampled_from(["disabled", "enabled_out_of_band", "enable"]))
    aggregators = st.fixed_dictionaries({"account_id": strategies.accounts, "region": st.just("eu-central-1")})
    return {
        "people": draw(people(top["environment"])),
        "trail": {
            "retention_days": draw(st.integers(365, 5000)),
            "topic_arn": draw(st.sampled_from([None, "arn:aws:sns:eu-central-1:111122223333:siem"])),
        },
        "subscribers": {"alarms": draw(st.sampled_from([[], ["sec@example.org"], ["a@b.example", "c@d.example"]]))},
        "record_global_resources": draw(st.booleans()),
        "recorder": draw(st.booleans()),
        "absent_rules": draw(st.lists(st.sampled_from(sorted(RULES)), max_size=2, unique=True)),
        "aggregated_account_ids": draw(others),
        "aggregated_by": draw(st.lists(aggregators, max_size=2, unique_by=str)),
        "mfa_delete": way,
        "mfa_device": "arn:aws:iam::111122223333:mfa/root 123456" if way == "enable" else None,
    }


ROOT = Subject("roots/account", accounts, shared=tops(), plans=5)


def mfa_delete_off(variables: Variables) -> bool:
    return bool(variables["mfa_delete"] == "disabled")


def mfa_delete_on(variables: Variables) -> bool:
    return not mfa_delete_off(variables)


def recording(variables: Variables) -> bool:
    return bool(variables["recorder"])


def recorded_elsewhere(variables: Variables) -> bool:
    return not recording(variables)


def global_resources(variables: Variables) -> bool:
    return recording(variables) and bool(variables["record_global_resources"])


def aggregating(variables: Variables) -> bool:
    return bool(variables["aggregated_account_ids"])


def aggregated(variables: Variables) -> bool:
    return bool(variables["aggregated_by"])


def read_by_something(variables: Variables) -> bool:
    return variables["trail"]["topic_arn"] is not None


def heard(variables: Variables) -> bool:
    return bool(variables["subscribers"]["alarms"])


def in_china(variables: Variables) -> bool:
    return variables["environment"]["partition"] != "aws" and not variables["absent_rules"]


def with_users(variables: Variables) -> bool:
    return bool(variables["people"]["trusted_arns"])


def of_users_only(variables: Variables) -> bool:
    return not any(variables["people"]["federated"].values())


def with_roles(variables: Variables) -> bool:
    return any(not arn.endswith("_*") for arn in variables["people"]["federated"]["role_arns"])


def with_identities(variables: Variables) -> bool:
    return with_roles(variables) and bool(variables["people"]["federated"]["source_identities"])


def with_saml(variables: Variables) -> bool:
    return bool(variables["people"]["federated"]["saml_provider_arns"])


def statements(resource: Resource, attribute: str = "policy") -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in resource.document(attribute)["Statement"]}
