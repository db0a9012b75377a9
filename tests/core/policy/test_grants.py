"""Grants to everyone and of everything, held to the decisions of AWS's evaluation logic."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.iam import Policies, Request, decide, read, role_session
from reconciler.core.plan.model import UNKNOWN, Change
from reconciler.core.policy.exposure import exposures
from reconciler.core.policy.grants import is_of_everything, is_to_everyone
from tests.core.policy.test_exposure import EVERYONE

ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ANYONE = {**ALL, "Principal": "*"}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
GITHUB = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
BY_TOKEN = {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": GITHUB}}
SUBJECT = "token.actions.githubusercontent.com:sub"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
EVERYTHING = "its policy would allow all of IAM, and with it everything"
ATTACHED = "AdministratorAccess would be attached"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def under(statement: dict[str, Any], **condition: dict[str, Any]) -> str:
    return policy({**statement, "Condition": condition})


def exposed(kind: str, **after: Any) -> list[str]:
    return list(exposures(Change(f"{kind}.this", kind, ("create",), (), {}, {}, after), frozenset()))


@pytest.mark.parametrize(
    ("kind", "after", "expected"),
    [
        ("aws_s3_bucket_policy", {"policy": under(ANYONE, Bool={"aws:SecureTransport": "true"})}, EVERYONE),
        ("aws_s3_bucket_policy", {"policy": under(ANYONE, StringLike={"aws:PrincipalOrgID": "*"})}, EVERYONE),
        ("aws_kms_key", {"policy": under(ANYONE, StringEqualsIfExists={"aws:SourceAccount": "1" * 12})}, EVERYONE),
        ("aws_kms_key", {"policy": under(ANYONE, StringNotEquals={"aws:PrincipalAccount": "1" * 12})}, EVERYONE),
        ("aws_ecr_repository_policy", {"policy": under(ANYONE, IpAddress={"aws:SourceIp": "0.0.0.0/1"})}, EVERYONE),
        ("aws_secretsmanager_secret", {"policy": policy(ANYONE)}, EVERYONE),
        ("aws_sqs_queue", {"policy": policy(ANYONE)}, EVERYONE),
        ("aws_sns_topic", {"policy": policy(ANYONE)}, EVERYONE),
        ("aws_sns_topic_policy", {"policy": policy({**ALL, "NotPrincipal": {"AWS": "1" * 12}})}, EVERYONE),
        ("aws_iam_role", {"assume_role_policy": policy(TRUST)}, EVERYONE),
        ("aws_iam_role", {"assume_role_policy": policy(BY_TOKEN)}, EVERYONE),
        ("aws_iam_role_policy_attachment", {"policy_arn": ADMINISTRATOR}, ATTACHED),
        ("aws_iam_role", {"managed_policy_arns": [ADMINISTRATOR]}, ATTACHED),
        ("aws_iam_role", {"inline_policy": [{"policy": policy(ALL)}]}, EVERYTHING),
        ("aws_iam_policy", {"policy": policy({**ALL, "Action": ["*:*"]})}, EVERYTHING),
        (
            "aws_iam_user_policy",
            {"policy": policy({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"})},
            EVERYTHING,
        ),
        ("aws_lambda_permission", {"principal": "*"}, "everyone could call it"),
        ("aws_lambda_function_url", {"authorization_type": "NONE"}, "its URL would be open to everyone"),
        ("aws_opensearch_domain", {"access_policies": policy(ANYONE)}, EVERYONE),
    ],
)
def test_the_probes_that_were_allowed_are_exposures(kind: str, after: dict[str, Any], expected: str) -> None:
    assert exposed(kind, **after) == [expected]
    assert exposed("aws_thing", **after) == []


@pytest.mark.parametrize(
    ("kind", "after"),
    [
        ("aws_s3_bucket_policy", {"policy": under(ANYONE, StringEquals={"aws:PrincipalOrgID": "o-a1b2c3d4e5"})}),
        ("aws_s3_bucket_policy", {"policy": under(ANYONE, StringEquals={"aws:SourceVpce": "vpce-0a1b2c3d"})}),
        ("aws_s3_bucket_policy", {"policy": under(ANYONE, IpAddress={"aws:SourceIp": ["203.0.113.0/24"]})}),
        ("aws_sqs_queue", {"policy": under(ANYONE, ArnLike={"aws:SourceArn": "arn:aws:sns:*:111122223333:*"})}),
        ("aws_sqs_queue", {"policy": under(ANYONE, ArnEquals={"AWS:sourcearn": "arn:aws:s3:::our-bucket"})}),
        ("aws_kms_key", {"policy": under(ANYONE, StringEquals={"kms:CallerAccount": "111122223333"})}),
        ("aws_iam_role", {"assume_role_policy": under(BY_TOKEN, StringLike={SUBJECT: "repo:acme/orders:*"})}),
        ("aws_iam_role", {"assume_role_policy": policy({**TRUST, "Principal": {"Service": "ecs.amazonaws.com"}})}),
        ("aws_iam_role_policy_attachment", {"policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        ("aws_iam_policy", {"policy": policy({**ALL, "Action": "s3:*"})}),
        ("aws_iam_policy", {"policy": policy({**ALL, "Effect": "Deny"})}),
        ("aws_iam_policy", {"policy": policy({"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"})}),
        ("aws_lambda_permission", {"principal": "*", "source_account": "111122223333"}),
        ("aws_lambda_permission", {"principal": "events.amazonaws.com", "source_arn": UNKNOWN}),
        ("aws_lambda_function_url", {"authorization_type": "AWS_IAM"}),
    ],
)
def test_what_is_narrow_is_no_exposure(kind: str, after: dict[str, Any]) -> None:
    assert exposed(kind, **after) == []


def test_what_somebody_gave_a_role_by_hand_does_not_refuse_the_plan_that_takes_it_away() -> None:
    by_hand = {"inline_policy": [{"policy": policy(ALL)}], "managed_policy_arns": [ADMINISTRATOR]}

    def of_role(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
        return list(
            exposures(Change("aws_iam_role.this", "aws_iam_role", ("update",), (), {}, before, after), frozenset())
        )

    assert of_role({**by_hand, "tags": {}}, {**by_hand, "tags": {"Owner": "shop"}}) == []
    assert of_role({"inline_policy": []}, by_hand) == [EVERYTHING, ATTACHED]


STRANGER = role_session("arn:aws:iam::999999999999:role/stranger")
# What a stranger's request carries: keys that AWS sets from who and where it is, and none of a calling service.
CARRIED: dict[str, str | tuple[str, ...]] = {
    "aws:PrincipalOrgID": "o-stranger00",
    "aws:PrincipalOrgPaths": ("o-stranger00/r-1/",),
    "aws:SourceIp": "198.51.100.7",
    "aws:SourceVpc": "vpc-09999999",
    "aws:SourceVpce": "vpce-09999999",
    "aws:SecureTransport": "true",
    "kms:CallerAccount": "999999999999",
}
KEYS = [*CARRIED, "aws:PrincipalArn", "aws:PrincipalAccount", "aws:SourceArn", "aws:SourceAccount", "aws:UserAgent"]
VALUES = [
    "*", "o-*", "o-a1b2c3d4e5", "o-a1b2c3d4e5/*", "111122223333", "1111*", "vpc-0a", "vpce-0a", "vpc*", "true",
    "arn:aws:iam::111122223333:role/x", "arn:aws:iam::*:role/*", "arn:*", "arn:aws:s3:::b", "",
]  # fmt: skip
OPERATORS = [
    "StringEquals", "StringLike", "StringNotEquals", "StringNotLike", "StringEqualsIfExists", "StringLikeIfExists",
    "ForAnyValue:StringLike", "ForAllValues:StringLike", "ArnLike", "ArnNotEquals", "ArnEqualsIfExists", "Bool",
]  # fmt: skip
CONDITIONS = st.dictionaries(
    st.sampled_from(OPERATORS),
    st.dictionaries(st.sampled_from(KEYS), st.lists(st.sampled_from(VALUES), min_size=1, max_size=2), max_size=2),
    max_size=2,
)
PRINCIPALS = st.sampled_from(
    [
        {"Principal": "*"},
        {"Principal": {"AWS": "*"}},
        {"Principal": {"AWS": ["arn:aws:iam::111122223333:root", "*"]}},
        {"Principal": {"AWS": "arn:aws:iam::111122223333:root"}},
        {"Principal": {"Service": "sns.amazonaws.com"}},
        {"NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}},
    ]
)


@given(PRINCIPALS, CONDITIONS)
def test_law_what_a_stranger_is_allowed_is_a_grant_to_everyone(principal: Any, conditions: Any) -> None:
    statement = {**ALL, **principal, "Condition": conditions}
    request = Request("sqs:SendMessage", "arn:aws:sqs:eu-central-1:111122223333:q", STRANGER, CARRIED)
    allows = Policies(identity=[read({"Statement": ALL})], resource=read({"Statement": statement}))
    if decide(request, allows).allowed:
        assert is_to_everyone(statement)


PATTERNS = ["*", "*:*", "iam:*", "iam:?*", "IAM:*", "s3:*", "iam:Get*", "iam:*Role*", "iam:Create*"]


@given(
    st.sampled_from(["Action", "NotAction"]),
    st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=2),
    st.sampled_from(["*", "arn:aws:iam::*:*", "arn:*", "arn:aws:iam::111122223333:role/x", "arn:aws:s3:::*"]),
)
def test_law_what_allows_all_of_iam_is_a_grant_of_everything(element: str, actions: list[str], resource: str) -> None:
    statement = {"Effect": "Allow", element: actions, "Resource": resource}
    caller = role_session("arn:aws:iam::111122223333:role/own")
    asked = [("iam:AttachRolePolicy", "role/x"), ("iam:CreateAccessKey", "user/x"), ("iam:CreateUser", "user/y")]
    policies = Policies(identity=[read({"Statement": statement})])
    answers = [
        decide(Request(action, f"arn:aws:iam::111122223333:{name}", caller, {}), policies).allowed
        for action, name in asked
    ]
    if all(answers):
        assert is_of_everything(statement)
    if not any(answers):
        assert not is_of_everything(statement)
