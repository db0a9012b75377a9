"""Values that are equal although they are written differently, and similar ones that are not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.plan.equivalence import both_nothing, same_document, same_members, same_protocol

VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.lists(VALUES, max_size=3) | st.dictionaries(st.text("abc", max_size=3), VALUES, max_size=3)
ACCOUNT = "111122223333"
DENY = {"Effect": "Deny", "Action": ["s3:*"], "Resource": ["*"], "Principal": "*"}
ALLOW: dict[str, Any] = {
    "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:PutObject"],
    "Resource": ["a", "b"],
    "Principal": {"AWS": [f"arn:aws:iam::{ACCOUNT}:root"], "Service": ["a.amazonaws.com", "b.amazonaws.com"]},
    "Condition": {"StringEquals": {"aws:PrincipalOrgID": ["o-1", "o-2"]}},
}


def policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def reordered(value: Any) -> Any:
    """Return the value with the keys of every object in reverse order."""
    if isinstance(value, dict):
        return {name: reordered(value[name]) for name in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


@given(DOCUMENTS, st.sampled_from([None, 2]), st.sampled_from(["", " ", "\n\t"]))
def test_law_blanks_and_the_order_of_keys_do_not_matter(value: Any, indent: int | None, before: str) -> None:
    assert same_document(json.dumps(value), before + json.dumps(reordered(value), indent=indent))


@given(DOCUMENTS, DOCUMENTS)
def test_law_documents_are_equal_exactly_when_their_values_are(one: Any, other: Any) -> None:
    assert same_document(json.dumps(one), json.dumps(other)) == (one == other)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{", "{"),
        ("1", "1"),
        ("[" * 100_000, "[" * 100_000),
        (None, "{}"),
        ("{}", None),
        ({}, {}),
    ],
    ids=str,
)
def test_a_text_that_is_no_document_equals_no_other(old: Any, new: Any) -> None:
    assert not same_document(old, new)


SAME_POLICIES: dict[str, tuple[Any, Any]] = {
    "statements in another order": ((ALLOW, DENY), (DENY, ALLOW)),
    "actions in another order": ((ALLOW,), ({**ALLOW, "Action": ["s3:PutObject", "s3:GetObject"]},)),
    "one value for a list of one": ((DENY,), ({**DENY, "Action": "s3:*", "Resource": "*"},)),
    "an action twice": ((DENY,), ({**DENY, "Action": ["s3:*", "s3:*"]},)),
    "an account for its root": (
        (ALLOW,),
        ({**ALLOW, "Principal": {"AWS": ACCOUNT, "Service": ["b.amazonaws.com", "a.amazonaws.com"]}},),
    ),
    "a condition's values in another order": (
        (ALLOW,),
        ({**ALLOW, "Condition": {"StringEquals": {"aws:PrincipalOrgID": ["o-2", "o-1"]}}},),
    ),
    "an empty name of a statement": ((ALLOW,), ({"Sid": "", **ALLOW},)),
    "an action that is a number": (({**DENY, "Action": [1, 2]},), ({**DENY, "Action": [2, 1]},)),
    "a statement that is no object": (("a", "b"), ("b", "a")),
    "a condition that is no object of objects": (
        ({**DENY, "Condition": {"Null": 1}},),
        ({**DENY, "Condition": {"Null": 1}},),
    ),
}
OTHER_POLICIES: dict[str, tuple[Any, Any]] = {
    "a statement less": ((ALLOW, DENY), (ALLOW,)),
    "an action more": ((ALLOW,), ({**ALLOW, "Action": [*ALLOW["Action"], "s3:DeleteObject"]},)),
    "another effect": ((DENY,), ({**DENY, "Effect": "Allow"},)),
    "any principal for an account": ((ALLOW,), ({**ALLOW, "Principal": "*"},)),
    "a role for the account's root": (
        (ALLOW,),
        ({**ALLOW, "Principal": {**ALLOW["Principal"], "AWS": f"arn:aws:iam::{ACCOUNT}:role/root"}},),
    ),
    "no condition": ((ALLOW,), ({name: value for name, value in ALLOW.items() if name != "Condition"},)),
    "a name of a statement": ((ALLOW,), ({"Sid": "a", **ALLOW},)),
    "all but an action": (({**DENY, "NotAction": "a"},), ({**DENY, "NotAction": "b"},)),
}


@pytest.mark.parametrize("name", SAME_POLICIES)
def test_policies_with_the_same_meaning_are_equal(name: str) -> None:
    one, other = SAME_POLICIES[name]
    assert same_document(policy(*one), policy(*other))
    assert same_document(policy(*other), policy(*one))


@pytest.mark.parametrize("name", OTHER_POLICIES)
def test_policies_with_another_meaning_are_not_equal(name: str) -> None:
    one, other = OTHER_POLICIES[name]
    assert not same_document(policy(*one), policy(*other))


def test_one_statement_equals_a_list_of_one() -> None:
    assert same_document(policy(DENY), json.dumps({"Statement": DENY, "Version": "2012-10-17"}))


def test_the_order_matters_in_a_document_without_statements() -> None:
    assert not same_document('{"Action": ["a", "b"]}', '{"Action": ["b", "a"]}')


@given(st.lists(VALUES, max_size=5).flatmap(lambda items: st.tuples(st.just(items), st.permutations(items))))
def test_law_members_have_no_order(lists: tuple[list[Any], list[Any]]) -> None:
    assert same_members(*lists)


@given(st.lists(st.integers(0, 2), max_size=4), st.lists(st.integers(0, 2), max_size=4))
def test_law_members_are_counted(one: list[int], other: list[int]) -> None:
    assert same_members(one, other) == (sorted(one) == sorted(other))


@pytest.mark.parametrize(("one", "other"), [("ab", "ba"), (None, None), ([], None), ((1,), (1,))])
def test_only_lists_have_members(one: Any, other: Any) -> None:
    assert not same_members(one, other)


@pytest.mark.parametrize("one", [None, "", False, 0, [], {}])
@pytest.mark.parametrize("other", [None, "", False, 0, [], {}])
def test_all_empty_values_are_equal(one: Any, other: Any) -> None:
    assert both_nothing(one, other)


@pytest.mark.parametrize("value", ["0", 1, True, [None], {"a": None}, " "])
def test_a_value_is_not_empty(value: Any) -> None:
    assert not both_nothing(None, value)
    assert not both_nothing(value, None)
    assert not both_nothing(value, value)


@pytest.mark.parametrize(
    ("path", "old", "new", "same"),
    [
        ("protocol", "tcp", "6", True),
        ("ingress.0.protocol", "17", "udp", True),
        ("ip_protocol", "all", -1, True),
        ("ip_protocol", "icmp", 1, True),
        ("ip_protocol", "icmpv6", "58", True),
        ("protocol", "tcp", "tcp", True),
        ("protocol", "tcp", "17", False),
        ("protocol", "47", "50", False),
        ("protocol", "tcp", "all", False),
        ("from_port", "tcp", "6", False),
        ("protocols", "tcp", "6", False),
    ],
)
def test_a_protocol_equals_its_number(path: str, old: Any, new: Any, same: bool) -> None:
    assert same_protocol(path, old, new) is same
