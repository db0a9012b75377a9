"""AWS's tables of conditions: whether a condition block matches a request context, keys that are absent included.

Left out is the table of `aws:ResourceOrgPaths` on the page of condition operators: its three results contradict the
text above it and the page of multivalued keys, which is followed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.local.iam import Policies, Request, user
from tests.iam.examples import GUIDE, USER, Context, Example, allow, deny, policy

Block = Mapping[str, Mapping[str, Any]]
OPERATORS = f"{GUIDE}reference_policies_elements_condition_operators.html"
SETS = f"{GUIDE}reference_policies_condition-single-vs-multi-valued-context-keys.html"
SINGLE = f"{GUIDE}reference_policies_condition_examples-single-valued-context-keys.html"
MULTIPLE = f"{GUIDE}reference_policies_condition_examples-multi-valued-context-keys.html"
LOGIC = f"{GUIDE}reference_policies_condition-logic-multiple-context-keys-or-values.html"
KEYS = f"{GUIDE}reference_policies_condition-keys.html"

JOB = "aws:PrincipalTag/job-category"
SNS = "arn:aws:sns:us-west-2:{}:TOPIC-ID".format
CDN = "arn:aws::cloudfront:{}:distribution/{}".format
CLUSTER = "arn:aws:ecs:us-east-1:111122223333:cluster/{}".format
ANA, MARY, NIKKI = (f"arn:aws:iam::222222222222:user/{name}" for name in ("Ana", "Mary", "Nikki"))
TAGS, DEPARTMENT, PAID = "aws:TagKeys", "aws:PrincipalTag/department", "aws:PrincipalTag/role"

_tagging: Block = {
    "StringEqualsIgnoreCase": {"aws:RequestTag/environment": ["preprod", "storage"]},
    "ForAnyValue:StringEquals": {TAGS: "environment"},
}
_distributions: Block = {
    "ForAllValues:ArnLike": {
        "logs:LogGeneratingResourceArns": [CDN("123456789012", "*"), CDN("123456789012", "support*")]
    }
}
_instances: Block = {"StringLikeIfExists": {"ec2:InstanceType": ["t1.*", "t2.*", "m3.*"]}}
_people: Block = {
    "StringEquals": {DEPARTMENT: ["finance", "hr", "legal"], PAID: ["audit", "security"]},
    "ArnLike": {"aws:PrincipalArn": [ANA, MARY]},
}
_others: Block = {"StringEquals": _people["StringEquals"], "ArnNotLike": _people["ArnLike"]}
_deletable: Block = {
    "ForAllValues:StringEquals": {TAGS: ["environment", "cost-center"]},
    "Null": {TAGS: "false"},
}
_tasks: Block = {
    "StringEquals": {"aws:RequestTag/environment": ["production", "prod-backup"]},
    "ArnEquals": {"ecs:cluster": [CLUSTER("default1"), CLUSTER("default2")]},
}
_addresses: Block = {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:DB8:1234:5678::/64"]}}
_finance = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"

MATCHES: list[tuple[str, Block, Context, bool]] = [
    (OPERATORS, {"StringEquals": {JOB: "iamuser-admin"}}, {JOB: "iamuser-admin"}, True),
    (OPERATORS, {"StringEquals": {JOB: "iamuser-admin"}}, {JOB: "dev-ops"}, False),
    (OPERATORS, {"StringEquals": {JOB: "iamuser-admin"}}, {}, False),
    (OPERATORS, _tagging, {TAGS: ("environment",), "aws:RequestTag/environment": "preprod"}, True),
    (OPERATORS, _tagging, {TAGS: ("environment", "costcenter"), "aws:RequestTag/environment": "PreProd"}, True),
    (OPERATORS, _tagging, {TAGS: ("Environment",), "aws:RequestTag/Environment": "preprod"}, False),
    (OPERATORS, _tagging, {TAGS: ("costcenter",), "aws:RequestTag/environment": "preprod"}, False),
    (OPERATORS, _tagging, {"aws:RequestTag/environment": "storage"}, False),
    (OPERATORS, _tagging, {TAGS: ("environment",)}, False),
    (OPERATORS, _tagging, {}, False),
    (OPERATORS, {"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "10"}, True),
    (OPERATORS, {"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "11"}, False),
    (OPERATORS, {"NumericLessThanEquals": {"s3:max-keys": "10"}}, {}, False),
    (
        OPERATORS,
        {"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01T00:00:01Z"}},
        {"aws:TokenIssueTime": "2020-06-01T00:00:00Z"},
        True,
    ),
    (OPERATORS, {"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01T00:00:01Z"}}, {}, False),
    (OPERATORS, {"Bool": {"aws:SecureTransport": "false"}}, {"aws:SecureTransport": "false"}, True),
    (OPERATORS, {"Bool": {"aws:SecureTransport": "false"}}, {"aws:SecureTransport": "true"}, False),
    (OPERATORS, {"Bool": {"aws:SecureTransport": "false"}}, {}, False),
    (
        OPERATORS,
        {"BinaryEquals": {"key": "QmluYXJ5VmFsdWVJbkJhc2U2NA=="}},
        {"key": "QmluYXJ5VmFsdWVJbkJhc2U2NA=="},
        True,
    ),
    (OPERATORS, {"BinaryEquals": {"key": "QmluYXJ5VmFsdWVJbkJhc2U2NA=="}}, {"key": "ASIAIOSFODNN7EXAMPLE"}, False),
    (OPERATORS, {"BinaryEquals": {"key": "QmluYXJ5VmFsdWVJbkJhc2U2NA=="}}, {}, False),
    (OPERATORS, {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, {"aws:SourceIp": "203.0.113.1"}, True),
    (OPERATORS, {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, {"aws:SourceIp": "198.51.100.1"}, False),
    (OPERATORS, {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, {}, False),  # through a VPC endpoint
    (OPERATORS, _addresses, {"aws:SourceIp": "2001:db8:1234:5678::1"}, True),
    (OPERATORS, {"ArnEquals": {"aws:SourceArn": SNS("123456789012")}}, {"aws:SourceArn": SNS("123456789012")}, True),
    (OPERATORS, {"ArnEquals": {"aws:SourceArn": SNS("123456789012")}}, {"aws:SourceArn": SNS("777788889999")}, False),
    (OPERATORS, {"ArnEquals": {"aws:SourceArn": SNS("123456789012")}}, {}, False),
    (OPERATORS, {"StringLike": {"key": "arn:aws:someservice:*:111122223333:finance/*"}}, {"key": _finance}, True),
    (OPERATORS, {"ArnLike": {"key": "arn:aws:someservice:*:111122223333:finance/*"}}, {"key": _finance}, False),
    (OPERATORS, _distributions, {"logs:LogGeneratingResourceArns": (CDN("123456789012", "costcenter"),)}, True),
    (
        OPERATORS,
        _distributions,
        {"logs:LogGeneratingResourceArns": (CDN("123456789012", "costcenter"), CDN("123456789012", "support2025"))},
        True,
    ),
    (OPERATORS, _distributions, {"logs:LogGeneratingResourceArns": (CDN("777788889999", "costcenter"),)}, False),
    (OPERATORS, _distributions, {}, True),
    (OPERATORS, _instances, {"ec2:InstanceType": "t1.micro"}, True),
    (OPERATORS, _instances, {"ec2:InstanceType": "m2.micro"}, False),
    (OPERATORS, _instances, {}, True),
    (OPERATORS, {"StringLike": _instances["StringLikeIfExists"]}, {}, False),
    (OPERATORS, {"Null": {"aws:TokenIssueTime": "false"}}, {"aws:TokenIssueTime": "2020-06-01T00:00:00Z"}, True),
    (OPERATORS, {"Null": {"aws:TokenIssueTime": "false"}}, {}, False),
    (OPERATORS, {"Null": {"aws:TokenIssueTime": "true"}}, {}, True),
    (OPERATORS, {"StringNotLike": {"aws:PrincipalTag/team": "blue*"}}, {}, True),  # "the condition is true"
    (OPERATORS, {"ArnNotLike": {"aws:SourceArn": SNS("123456789012")}}, {}, True),
    (SETS, _deletable, {TAGS: ("environment",)}, True),
    (SETS, _deletable, {TAGS: ("cost-center",)}, True),
    (SETS, _deletable, {TAGS: ("environment", "cost-center")}, True),
    (SETS, _deletable, {TAGS: ("environment", "dept")}, False),
    (SETS, _deletable, {}, False),
    (SETS, {"ForAnyValue:StringEquals": _deletable["ForAllValues:StringEquals"]}, {TAGS: ("environment",)}, True),
    (
        SETS,
        {"ForAnyValue:StringEquals": _deletable["ForAllValues:StringEquals"]},
        {TAGS: ("environment", "dept")},
        True,
    ),
    (SETS, {"ForAnyValue:StringEquals": _deletable["ForAllValues:StringEquals"]}, {TAGS: ("dept",)}, False),
    (SETS, {"ForAnyValue:StringEquals": _deletable["ForAllValues:StringEquals"]}, {}, False),
    (SINGLE, _tasks, {"aws:RequestTag/environment": "production", "ecs:cluster": CLUSTER("default1")}, True),
    (SINGLE, _tasks, {"aws:RequestTag/environment": "prod-backup", "ecs:cluster": CLUSTER("default2")}, True),
    (SINGLE, _tasks, {"aws:RequestTag/webserver": "production", "ecs:cluster": CLUSTER("default2")}, False),
    (SINGLE, _tasks, {"ecs:cluster": CLUSTER("default2")}, False),
    (LOGIC, _people, {DEPARTMENT: "legal", PAID: "audit", "aws:PrincipalArn": MARY}, True),
    (LOGIC, _people, {DEPARTMENT: "hr", PAID: "audit", "aws:PrincipalArn": NIKKI}, False),
    (LOGIC, _people, {DEPARTMENT: "hr", PAID: "payroll", "aws:PrincipalArn": MARY}, False),
    (LOGIC, _people, {DEPARTMENT: "hr", "aws:PrincipalArn": MARY}, False),
    (LOGIC, _people, {"aws:PrincipalArn": MARY}, False),
    (LOGIC, _others, {DEPARTMENT: "legal", PAID: "audit", "aws:PrincipalArn": NIKKI}, True),
    (LOGIC, _others, {DEPARTMENT: "hr", PAID: "audit", "aws:PrincipalArn": MARY}, False),
    (LOGIC, _others, {DEPARTMENT: "hr", PAID: "payroll", "aws:PrincipalArn": NIKKI}, False),
    # The page of global keys: MFA is absent for access keys, and `BoolIfExists` with "false" therefore matches.
    (KEYS, {"Bool": {"aws:MultiFactorAuthPresent": "false"}}, {}, False),
    (KEYS, {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, {}, True),
    (KEYS, {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, {"aws:MultiFactorAuthPresent": "true"}, False),
    (KEYS, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}, {}, False),
]

# For a Deny "Match" is denied; the page says of the rest "may be allowed by another statement".
DENIALS: list[tuple[str, Block, Context, bool]] = [
    (MULTIPLE, {"ForAllValues:StringNotLike": {TAGS: "key1*"}}, {TAGS: ("key1:legal",)}, False),
    (MULTIPLE, {"ForAllValues:StringNotLike": {TAGS: "key1*"}}, {TAGS: ("key1:hr", "key1:personnel")}, False),
    (MULTIPLE, {"ForAllValues:StringNotLike": {TAGS: "key1*"}}, {TAGS: ("key2:audit",)}, True),
    (MULTIPLE, {"ForAllValues:StringNotLike": {TAGS: "key1*"}}, {}, True),
    (MULTIPLE, {"ForAllValues:StringNotLike": {TAGS: ["key1*", "key2*"]}}, {TAGS: ("key1:hr", "key2:audit")}, False),
    (MULTIPLE, {"ForAllValues:StringNotLike": {TAGS: ["key1*", "key2*"]}}, {TAGS: ("key3:legal",)}, True),
    (MULTIPLE, {"ForAnyValue:StringEquals": {TAGS: "webserver"}}, {TAGS: ("webserver",)}, True),
    (MULTIPLE, {"ForAnyValue:StringEquals": {TAGS: "webserver"}}, {TAGS: ("environment", "webserver", "test")}, True),
    (MULTIPLE, {"ForAnyValue:StringEquals": {TAGS: "webserver"}}, {TAGS: ("environment", "test")}, False),
    (MULTIPLE, {"ForAnyValue:StringEquals": {TAGS: "webserver"}}, {}, False),
    # "the request is still denied even if the condition key is not present"
    (OPERATORS, {"StringNotEqualsIfExists": {JOB: "iamuser-admin"}}, {}, True),
]


def examples() -> Iterator[Example]:
    """Yield the rows as decisions: of a statement that allows, or of one that denies beside one that allows all."""
    for page, block, context, matches in MATCHES:
        yield Example(page, _request(context), Policies([policy(allow(Condition=block))]), matches)
    for page, block, context, matches in DENIALS:
        yield Example(page, _request(context), Policies([policy(allow(), deny(Condition=block))]), not matches)


def _request(context: Context) -> Request:
    arn = context.get("aws:PrincipalArn", "")
    return Request("iam:TagRole", "*", user(arn) if isinstance(arn, str) and arn else USER, context)
