"""Sameness of people: who may be the author of a commit, and how many different people agreed.

A wrong "the same" costs a colleague a minute, a wrong "another" lets an author approve an own change. So names are
compared loosely, and a proof that many share proves nobody.
"""

import unicodedata
from collections.abc import Collection, Iterable


def is_author(identities: Collection[str], *, email: str, name: str) -> bool:
    """Return whether a principal with these identities may be the author of a commit.

    The local part of an address counts as a name, and so does the user of an address that GitHub keeps private
    (`12345+ann@users.noreply.github.com`, GitHub documentation, "Email addresses reference").
    """
    local = email.partition("@")[0]
    written = {email, name, local, local.partition("+")[0], local.rpartition("+")[2]}
    known = {part for identity in identities for part in (identity, identity.partition("@")[0])}
    return bool((_folded(known) & _folded(written)) - {""})


def count_people(agreed: Iterable[tuple[Collection[str], bool]]) -> int:
    """Return how many different people are proven to have agreed; each is given as identities, and whether proven.

    All that is not proven may come from one person, who may be one of the proven ones too.
    """
    people: list[frozenset[str]] = []
    found = False
    for identities, proven in agreed:
        found = True
        if proven:
            mine = _folded(identities)
            same = [one for one in people if one & mine]
            people = [one for one in people if not one & mine] + [mine.union(*same)]
    return max(len(people), int(found))


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(" ".join(unicodedata.normalize("NFKC", name).casefold().split()) for name in names)
