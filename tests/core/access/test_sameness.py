"""People: who may be the same person as an author, and how many people agreed at the least."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.access.sameness import count_people, is_author

NAMES = st.sampled_from(["ann", "Ann", "bob", "cy", "ann@example.com"])
AGREED = st.lists(st.tuples(st.sets(NAMES, min_size=1), st.booleans()), max_size=6)


@pytest.mark.parametrize(
    ("identities", "name", "email", "same"),
    [
        (["ann"], "Ann Lee", "ann@example.com", True),
        (["Ann  LEE"], "Ann Lee", "x@example.com", True),
        (["sso|17", "ANN@Example.com"], "x", "ann@example.com", True),
        (["ann@corp.example"], "x", "ann@example.com", True),
        (["ann"], "x", "12345+ann@users.noreply.github.com", True),
        (["ann"], "x", "ann+work@example.com", True),
        (["\uff41\uff4e\uff4e"], "Ann", "x@example.com", True),
        (["bob"], "Ann Lee", "ann@example.com", False),
        (["bob"], "", "", False),
        ([""], "", "", False),
        ([], "Ann", "ann@example.com", False),
    ],
)
def test_a_person_is_found_behind_the_author_of_a_commit(
    identities: list[str], name: str, email: str, same: bool
) -> None:
    assert is_author(identities, email=email, name=name) == same


@given(AGREED)
def test_people_are_never_counted_twice(agreed: list[tuple[set[str], bool]]) -> None:
    count = count_people(agreed)
    proven = [{name.casefold() for name in names} for names, certain in agreed if certain]
    assert count == count_people([*agreed, *agreed]), "agreeing again counts once"
    assert count <= max(len(proven), int(bool(agreed))), "whoever is not proven may be one who is"
    assert count == count_people(reversed(agreed))
    apart = all(not (one & other) for i, one in enumerate(proven) for other in proven[:i])
    assert not apart or count == max(len(proven), int(bool(agreed)))


def test_two_approvals_by_one_shared_token_are_one() -> None:
    assert count_people([(["ann"], False), (["bob"], False)]) == 1
    assert count_people([(["ann"], True), (["bob"], False)]) == 1
    assert count_people([(["ann"], True), (["bob"], True)]) == 2
    assert count_people([(["ann"], True), (["bob"], True), (["ann", "bob"], True)]) == 1
