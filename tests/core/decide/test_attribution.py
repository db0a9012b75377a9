"""Attribution of drift: the names that are looked up in CloudTrail, and the events that count as an answer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.decide.attribution import OUR_SESSIONS, culprit, resource_names
from reconciler.core.plan.model import UNKNOWN, Change

NAMES = ("id", "name", "arn", "bucket", "role", "role_name", "repository", "family", "key_id", "resource_id")


def drifted(before: dict[str, Any], after: dict[str, Any] | None = None) -> Change:
    return Change("aws_thing.this", "aws_thing", ("update",), (), {}, before, after or {})


def event(who: str | None, *, at: int = 0, name: str = "PutRolePolicy", read: Any = "false", **identity: Any) -> Any:
    detail = {"userIdentity": identity} if identity else {}
    return {
        "EventName": name,
        "EventTime": f"2026-03-02 09:{at:02}:00",
        "ReadOnly": read,
        "Username": who,
        "CloudTrailEvent": json.dumps(detail),
    }


def session(name: str, **more: Any) -> Any:
    arn = f"arn:aws:sts::123456789012:assumed-role/{name}"
    return event(None, type="AssumedRole", arn=arn, **more)


@given(st.dictionaries(st.sampled_from(NAMES), st.text("abc", max_size=2) | st.none() | st.just(UNKNOWN)))
def test_law_at_most_five_distinct_known_names_are_looked_up(values: dict[str, Any]) -> None:
    asked = resource_names([drifted(values), drifted(values)])
    known = [values[name] for name in NAMES if values.get(name) not in (None, "", UNKNOWN)]
    assert list(asked) == list(dict.fromkeys(known))[:5]


def test_a_deleted_resource_is_looked_up_by_its_old_names_and_an_added_one_by_its_new_names() -> None:
    assert resource_names([drifted({"id": "old"}, {"id": "new"}), drifted({}, {"id": "added"})]) == ("old", "added")
    assert resource_names([drifted({"id": 7, "name": ["a"]})]) == ()


@given(st.permutations(range(4)))
def test_law_the_newest_write_is_the_answer_in_any_order_of_events(order: list[int]) -> None:
    found = culprit([session(f"admin/ann{at}", at=at) for at in order])
    assert found == "admin/ann3 (PutRolePolicy at 2026-03-02 09:03:00)"


@pytest.mark.parametrize("read", ["true", "True", True])
def test_a_read_is_no_answer(read: Any) -> None:
    assert culprit([session("admin/ann", read=read)]) is None
    assert culprit([session("admin/ann", read=read, at=5), session("admin/bob")]) == (
        "admin/bob (PutRolePolicy at 2026-03-02 09:00:00)"
    )


@pytest.mark.parametrize("ours", sorted(OUR_SESSIONS))
def test_a_write_of_the_daemon_is_no_answer(ours: str) -> None:
    assert culprit([session(f"reconciler-role/{ours}")]) is None
    assert culprit([event(ours, type="IAMUser", userName=ours)]) is None
    assert culprit([session(f"{ours}/ann")]) is not None, "a role may have the name of the daemon"


@pytest.mark.parametrize(
    ("found", "who"),
    [
        (session("admin/ann"), "admin/ann"),
        (event("ann", type="AssumedRole", arn=""), "ann"),
        (event(None, type="Root", arn="arn:aws:iam::123456789012:root"), "root"),
        (event("x", type="IAMUser", userName="ann"), "ann"),
        (event("ann", type="IAMUser"), "ann"),
        (event("ann"), "ann"),
        ({**event("ann"), "CloudTrailEvent": "{"}, "ann"),
        ({**event("ann"), "CloudTrailEvent": "[]"}, "ann"),
        ({**event("ann"), "CloudTrailEvent": None}, "ann"),
    ],
)
def test_each_kind_of_identity_has_a_name(found: Any, who: str) -> None:
    assert culprit([found]) == f"{who} (PutRolePolicy at 2026-03-02 09:00:00)"


def test_without_a_name_there_is_no_answer() -> None:
    assert culprit([]) is None
    assert culprit([event(None), event("")]) is None
    assert culprit([{"Username": "ann"}]) == "ann (unknown call at None)"
