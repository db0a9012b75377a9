"""Laws of the evaluator, over drawn policies: a deny always wins, an Allow takes nothing away, a limit adds nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.local.iam import Policies, Policy, Principal, Request, decide, role_session, service, user
from tests.iam.examples import ACCOUNT, OTHER, ROLE, policy

PRINCIPALS = [user(f"arn:aws:iam::{ACCOUNT}:user/ana"), role_session(ROLE), service("sns.amazonaws.com")]
ACTIONS = ["s3:GetObject", "s3:PutObject", "kms:Decrypt"]
RESOURCES = ["arn:aws:s3:::one/a", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"]
NAMES = ["*", {"AWS": ROLE}, {"AWS": ACCOUNT}, {"AWS": PRINCIPALS[1].arn}, {"Service": "sns.amazonaws.com"}]
OPERATORS = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIfExists",
    "ForAllValues:StringLike",
    "ForAnyValue:StringLike",
]

conditions = st.dictionaries(
    st.sampled_from(OPERATORS), st.fixed_dictionaries({"aws:TagKeys": st.sampled_from(["a", "b", "*"])}), max_size=2
)
requests = st.builds(
    Request,
    st.sampled_from(ACTIONS),
    st.sampled_from(RESOURCES),
    st.sampled_from(PRINCIPALS),
    st.sampled_from([{}, {"aws:TagKeys": ("a",)}, {"aws:TagKeys": ("a", "b")}]),
    st.sampled_from(["", OTHER]),
)


def statements(effect: str = "", with_principal: bool = False) -> st.SearchStrategy[Mapping[str, Any]]:
    fields: dict[str, st.SearchStrategy[Any]] = {
        "Effect": st.just(effect) if effect else st.sampled_from(["Allow", "Deny"]),
        "Action": st.sampled_from([*ACTIONS, "s3:*", "*"]),
        "Resource": st.sampled_from([*RESOURCES, "*"]),
        "Condition": conditions,
    }
    return st.fixed_dictionaries(fields | ({"Principal": st.sampled_from(NAMES)} if with_principal else {}))


def policies_of(each: st.SearchStrategy[Mapping[str, Any]]) -> st.SearchStrategy[Policy]:
    return st.lists(each, max_size=3).map(lambda drawn: policy(*drawn))


all_policies = st.builds(
    Policies,
    identity=st.lists(policies_of(statements()), max_size=2),
    boundary=st.none() | policies_of(statements()),
    session=st.none() | st.lists(policies_of(statements()), max_size=1),
    resource=st.none() | policies_of(statements(with_principal=True)),
)


def _everything_denied(principal: Principal) -> Policy:
    name = {"Service": principal.arn} if principal.kind.value == "Service" else {"AWS": principal.arn}
    return policy({"Effect": "Deny", "Principal": name, "Action": "*", "Resource": "*"})


@settings(max_examples=50)
@given(requests, all_policies)
def test_an_explicit_deny_always_wins(request: Request, given_: Policies) -> None:
    resource = Policy((given_.resource or Policy()).statements + _everything_denied(request.principal).statements)
    assert not decide(request, _with(given_, resource=resource)).allowed
    if request.principal.account:
        denied = policy({"Effect": "Deny", "Action": "*", "Resource": "*"})
        assert not decide(request, _with(given_, identity=[*given_.identity, denied])).allowed
        assert not decide(request, _with(given_, boundary=denied)).allowed


@settings(max_examples=50)
@given(requests, all_policies, statements("Allow"), statements("Allow", with_principal=True))
def test_an_allow_takes_nothing_away(
    request: Request, given_: Policies, more: Mapping[str, Any], granted: Mapping[str, Any]
) -> None:
    resource = Policy((given_.resource or Policy()).statements + policy(granted).statements)
    for richer in (_with(given_, identity=[*given_.identity, policy(more)]), _with(given_, resource=resource)):
        assert decide(request, richer).allowed or not decide(request, given_).allowed


@settings(max_examples=50)
@given(requests, all_policies, policies_of(statements()))
def test_a_limit_adds_nothing(request: Request, given_: Policies, limit: Policy) -> None:
    unlimited = decide(request, _with(given_, boundary=None)).allowed
    assert unlimited or not decide(request, _with(given_, boundary=limit)).allowed
    unlimited = decide(request, _with(given_, session=None)).allowed
    assert unlimited or not decide(request, _with(given_, session=[limit])).allowed
    assert decide(request, given_).allowed or not decide(request, _with(given_, controls=[[limit]])).allowed


@settings(max_examples=50)
@given(requests, all_policies)
def test_another_account_needs_both_sides(request: Request, given_: Policies) -> None:
    if request.principal.account not in ("", request.owner):
        assert not decide(request, _with(given_, resource=None)).allowed
        assert not decide(request, _with(given_, identity=[])).allowed


def _with(given_: Policies, **changed: Any) -> Policies:
    fields = ("identity", "boundary", "session", "resource", "controls")
    return Policies(**({name: getattr(given_, name) for name in fields} | changed))
