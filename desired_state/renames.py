"""Manifests that got another name, and say which one they had: `metadata.formerName`.

The rule: a former name is claimed once in an environment, by a manifest that is there, and names nothing else. Where
two compete, both are held. What is claimed by anybody is never removed, not even where the claim is no good.
"""

from collections.abc import Iterator, Mapping, Sequence

from desired_state.checks import ManifestFinding
from desired_state.instance import Key
from desired_state.located import quote
from desired_state.survey import Candidate, Claim, Survey


def former_names(found: Survey) -> Mapping[str, str]:
    """Every former name in a commit and who claims it, broken manifests included."""
    broken = {claim.former: claim.name for claim in found.claims if claim.former is not None}
    return broken | {one.former: one.key.name for one in found.candidates if one.former is not None}


def check_former_names(candidates: Sequence[Candidate], claims: Sequence[Claim]) -> Iterator[ManifestFinding]:
    """A former name is nobody's name any more, and is claimed once."""
    present = {one.key: one for one in candidates}
    renamed = [(one, Key(one.key.environment, one.former)) for one in candidates if one.former is not None]
    for one, former in renamed:
        if other := present.get(former):
            message = f"formerName {quote(former.name)} is still the name of {former} at {other.place}"
            yield ManifestFinding(one.key, one.problem_at_former_name(message))
            taken = f"{former} is the former name of {one.key} at {one.place}: what it has belongs there"
            yield ManifestFinding(former, other.problem_at_name(taken))
        elif any(_may_be(claim, former) for claim in claims):
            message = f"formerName {quote(former.name)} is still the name of a manifest that cannot be used"
            yield ManifestFinding(one.key, one.problem_at_former_name(message))
        if rivals := [other for other, name in renamed if name == former and other.key != one.key]:
            places = ", ".join(f"{other.key} at {other.place}" for other in rivals)
            message = f"formerName {quote(former.name)} is also claimed by {places}"
            yield ManifestFinding(one.key, one.problem_at_former_name(message))


def _may_be(claim: Claim, key: Key) -> bool:
    return claim.name == key.name and (claim.environments is None or key.environment in claim.environments)
