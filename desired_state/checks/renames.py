"""Renamed manifests, which name their former name in `metadata.formerName`.

In an environment a former name is claimed by at most one manifest, and no other manifest may have it. Where two
compete, both are invalid. A claimed instance is never removed, not even if the claim is broken or not deployed there.
"""

from collections.abc import Iterator, Mapping, Sequence

from desired_state.checks.conflicts import ManifestFinding, each_with_others, groups
from desired_state.checks.survey import Candidate, Claim, Survey
from desired_state.instance import Key
from desired_state.located import listed, quote


def former_names(found: Survey) -> Mapping[str, str]:
    """Return each former name of a commit with the name of the manifest that claims it, broken manifests included."""
    broken = {claim.former: claim.name for claim in found.claims if claim.former is not None}
    return broken | {one.former: one.key.name for one in found.candidates if one.former is not None}


def check_former_names(candidates: Sequence[Candidate], claims: Sequence[Claim]) -> Iterator[ManifestFinding]:
    """Find former names that a manifest still has, valid or broken, or that two manifests claim."""
    present = {one.key: one for one in candidates}
    broken = _by_name(claims)
    renamed = [one for one in candidates if one.former is not None]
    for former, claimants in groups(renamed, lambda one: Key(one.key.environment, str(one.former))).items():
        if other := present.get(former):
            for one in claimants:
                message = f"formerName {quote(former.name)} is still the name of {former} at {other.place}"
                yield ManifestFinding(one.key, one.problem_at_former_name(message))
            takers = listed(map(_shown, claimants), len(claimants))
            verb = "takes" if len(claimants) == 1 else "take"
            message = f"{former} is the former name of {takers}, which {verb} its state: remove one of them"
            yield ManifestFinding(former, other.problem_at_name(message))
        elif former.name in broken and _may_be_in(broken[former.name], former.environment):
            message = f"formerName {quote(former.name)} is still the name of a manifest that is not valid"
            for one in claimants:
                yield ManifestFinding(one.key, one.problem_at_former_name(f"{message}: fix that one first"))
        rivals = list({one.key: one for one in claimants}.values())  # declared twice: `check_names` reports it
        for one, others in each_with_others(rivals, _shown):
            message = f"formerName {quote(former.name)} is also claimed by {others}"
            yield ManifestFinding(one.key, one.problem_at_former_name(message))


def _shown(one: Candidate) -> str:
    return f"{one.key} at {one.place}"


def _by_name(claims: Sequence[Claim]) -> Mapping[str, frozenset[str] | None]:
    """Return the environments in which a broken manifest may have each name; None when it may be any."""
    return {
        name: None
        if any(one.environments is None for one in same)
        else frozenset().union(*(one.environments or () for one in same))
        for name, same in groups(claims, lambda claim: claim.name).items()
    }


def _may_be_in(environments: frozenset[str] | None, environment: str) -> bool:
    return environments is None or environment in environments
