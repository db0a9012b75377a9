"""Identities of people: one person has one name, whichever way they come, and nobody takes the name of another."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.access.claims import ClaimNames, Claims, is_plain, read
from reconciler.core.access.people import EVERYTHING, People, Person, Token, fingerprint
from reconciler.core.access.refusals import CredentialRefused
from reconciler.core.principal import Grant, Role

NOW = datetime(2026, 3, 4, tzinfo=UTC)
ANN = Person("ann", (Grant(Role.READ),), frozenset({"Ann@example.org"}))
KNOWN = People(
    people={"ann": ANN},
    tokens=(Token("ann-1", "ann", fingerprint("a token"), NOW),),
    accounts={"ann": (Grant(Role.OPERATE),), "ben": (Grant(Role.READ),)},
    groups={"deployers": (Grant(Role.APPROVE),)},
).with_shared("the shared token")


def test_one_person_is_the_same_principal_by_token_account_and_claims() -> None:
    by_token, _ = KNOWN.by_token("a token", NOW - timedelta(seconds=1))
    by_account = KNOWN.by_account("ann", is_own=False)
    by_claims = KNOWN.by_claims(Claims("x", "ann@EXAMPLE.org", frozenset({"deployers", "unknown"})), "oidc")
    for found in (by_token, by_account, by_claims):
        assert (found.name, found.identities, found.personal) == ("ann", frozenset({"ann", "ann@example.org"}), True)
    assert [max(grant.role for grant in found.grants) for found in (by_token, by_account, by_claims)] == [1, 2, 3]


def test_the_shared_token_and_the_daemons_account_prove_no_person() -> None:
    shared, token = KNOWN.by_token("the shared token", NOW)
    assert (shared.name, shared.proof, shared.personal, token) == ("token", "shared-token", False, None)
    own = KNOWN.by_account("reconciler", is_own=True)
    assert (own.personal, own.grants) == (False, EVERYTHING)


@pytest.mark.parametrize("name", ["ann", "ANN", "ben", "token"])
def test_a_name_of_somebody_else_is_refused(name: str) -> None:
    with pytest.raises(CredentialRefused, match="belongs to another identity"):
        KNOWN.by_claims(Claims(name, None, frozenset()), "oidc")


def test_an_account_without_a_role_is_refused() -> None:
    with pytest.raises(CredentialRefused, match=r"auth\.socket"):
        KNOWN.by_account("eve", is_own=False)


@given(st.text())
def test_a_token_that_was_not_given_out_is_refused(text: str) -> None:
    with pytest.raises(CredentialRefused) as refused:
        KNOWN.by_token(text, NOW)
    assert text not in {"a token", "the shared token"}
    assert refused.value.cause == "unknown_token"


@given(
    st.dictionaries(st.sampled_from(["email", "groups", "email_verified"]), st.text() | st.lists(st.text()) | st.none())
)
def test_claims_of_any_shape_are_read_or_refused(payload: dict[str, object]) -> None:
    try:
        claims = read(payload, ClaimNames())
    except CredentialRefused:
        return
    assert is_plain(claims.name)


def test_an_address_that_is_not_verified_is_nobodys() -> None:
    names = ClaimNames(name="sub")
    for verified in (False, "false", "no", None):
        assert read({"sub": "1", "email": "ann@example.org", "email_verified": verified}, names).email is None
    assert read({"sub": "1", "email": "ann@example.org"}, names).email == "ann@example.org"
    for verified in (True, "true"):
        given = {"sub": "1", "email": "ann@example.org", "email_verified": verified}
        assert read(given, names).email == "ann@example.org"
