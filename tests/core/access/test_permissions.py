"""Roles: each includes the ones before it, in the environments and for the tenants of its grant and nowhere else."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.access.permissions import ACTION_ROLES, FIELD_ROLES, allows, needed, role_in
from reconciler.core.ports.control import ACTIONS
from reconciler.core.principal import Grant, Principal, Role

NAMES = st.sampled_from(["develop", "prod", "shop"])
SOME = st.none() | st.frozensets(NAMES)
GRANTS = st.lists(st.builds(Grant, st.sampled_from(Role), SOME, SOME), max_size=4).map(tuple)
PLACES = st.none() | NAMES
PAGE = (Path(__file__).parents[3] / "docs" / "security.md").read_text()


@given(GRANTS, st.sampled_from(Role), PLACES, PLACES)
def test_a_role_includes_the_ones_before_it(grants: tuple[Grant, ...], need: Role, where: str, tenant: str) -> None:
    principal = Principal("ann", "token", grants)
    if allows(principal, need, where, tenant):
        assert all(allows(principal, lesser, where, tenant) for lesser in Role if lesser <= need)


@given(GRANTS, st.sampled_from(Role), PLACES, PLACES)
def test_what_is_allowed_is_allowed_by_one_grant_alone(
    grants: tuple[Grant, ...], need: Role, where: str, tenant: str
) -> None:
    alone = [allows(Principal("ann", "token", (grant,)), need, where, tenant) for grant in grants]
    assert allows(Principal("ann", "token", grants), need, where, tenant) is any(alone)


@given(GRANTS, NAMES, NAMES)
def test_a_role_everywhere_is_a_role_in_each_place(grants: tuple[Grant, ...], where: str, tenant: str) -> None:
    everywhere = role_in(grants, None, None)
    if everywhere is not None:
        held = role_in(grants, where, tenant)
        assert held is not None
        assert held >= everywhere


def test_without_a_grant_nothing_is_allowed() -> None:
    assert not any(allows(Principal("ann", "token"), role, "develop") for role in Role)


def test_every_action_has_a_role_and_an_unknown_one_needs_the_highest() -> None:
    assert set(ACTION_ROLES) == {*ACTIONS, "freeze", "unfreeze", "orphans", "run-task"}
    assert {action for action, _ in FIELD_ROLES} <= set(ACTIONS)
    assert needed("explode") == Role.ADMIN
    assert needed("reconcile") == Role.OPERATE
    assert needed("reconcile", {"override_window": "x"}) == Role.APPROVE


@pytest.mark.parametrize("action", sorted(ACTION_ROLES))
def test_the_page_says_which_role_each_action_needs(action: str) -> None:
    rows = re.findall(r"^\| `(read|operate|approve|admin)` \| (.*?) \|", PAGE, re.MULTILINE)
    least = next(role for role, actions in rows if f"`{action}`" in actions)
    assert least == ACTION_ROLES[action].label
