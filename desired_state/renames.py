"""Renamed manifests, which name their former name in `metadata.formerName`.

In an environment a former name is claimed by at most one manifest, and no other manifest may have it. Where two
compete, both are invalid. A claimed instance is never removed, not even if the claim is broken or not deployed there.
"""

from collections.abc import Iterator, Mapping, Sequence

from desired_state.checks import ManifestFinding
from desired_state.instance import Key
from desired_state.located import quote
from desired_state.survey import Candidate, Claim, Survey


def former_names(found: Survey) -> Mapping[str, str]:
    """Return each former name of a commit with the name of the manifest that claims it, broken manifests included."""
    broken = {claim.former: claim.name for claim in found.claims if claim.former is not None}
    return broken | {one.former: one.key.name for one in found.candidates if one.former is not None}


def check_former_names(candidates: Sequence[Candidate], claims: Sequence[Claim]) -> Iterator[ManifestFinding]:
    """Find former names that a manifest still has, valid or broken, or that two manifests claim."""
    present = {one.key: one for one in candidates}
    renamed = [(one, Key(one.key.environment, one.former)) for one in candidates if one.former is not None]
    for one, former in renamed:
        if other := present.get(former):
            message = f"formerName {quote(former.name)} is still the name of {former} at {other.place}"
            yield ManifestFinding(one.key, one.problem_at_former_name(message))
            message = (
                f"{former} is the former name of {one.key} at {one.place}, which takes its state: remove one of them"
            )
            yield ManifestFinding(former, other.problem_at_name(message))
        elif any(_may_be(claim, former) for claim in claims):
            message = (
                f"formerName {quote(former.name)} is still the name of a manifest that is not valid: fix that one first"
            )
            yield ManifestFinding(one.key, one.problem_at_former_name(message))
        if rivals := [other for other, name in renamed if name == former and other.key != one.key]:
            places = ", ".join(f"{other.key} at {other.place}" for other in rivals)
            message = f"formerName {quote(former.name)} is also claimed by {places}"
            yield ManifestFinding(one.key, one.problem_at_former_name(message))


def _may_be(claim: Claim, key: Key) -> bool:
    return claim.name == key.name and (claim.environments is None or key.environment in claim.environments)
