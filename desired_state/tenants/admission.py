"""The admission of a commit's manifests: what tenants may not ask for is refused before manifests are compared.

A manifest that its tenant may not declare at all (a stranger) counts for nothing: it takes no name, no Platform and no
former name, whether it is valid or broken. One that asks for too much is refused, and its own instance keeps its last
good desired state. Neither holds up an instance of another tenant.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, get_args

from desired_state.checks.incumbents import Incumbent, Refusal, mark
from desired_state.checks.survey import Candidate, Claim, Survey
from desired_state.instance import Key, Kind
from desired_state.located import Problem
from desired_state.tenants.grants import Denial, excess, strangeness
from desired_state.tenants.tenant import Tenant, Tenants

_KINDS: Final = frozenset(get_args(Kind))


@dataclass(frozen=True, slots=True)
class Admission:
    """The manifests that count, and those that are refused.

    `lapsed` are names of known instances whose own manifests are strangers now: nothing of them is removed. `contested`
    are names of other known instances that strangers declare, each with the stranger's place."""

    found: Survey
    refusals: tuple[Refusal, ...] = ()
    problems: frozenset[Problem] = frozenset()
    lapsed: frozenset[str] = frozenset()
    contested: Mapping[str, str] = field(default_factory=dict)


def admit(found: Survey, tenants: Tenants | None, known: Mapping[Key, Incumbent]) -> Admission:
    """Refuse what tenants may not ask for; without tenants, everything is admitted."""
    if tenants is None:
        return Admission(found)
    owners = _Owners.of(known, tenants)
    strangers = [each for one in found.candidates for each in _strange(one, tenants, owners)]
    unknown = {mark(each.candidate) for each in strangers}
    admitted = [one for one in found.candidates if mark(one) not in unknown]
    outside = [claim for claim in found.claims if not _may_claim(claim, tenants, owners)]
    own = {key.name for key, one in known.items() if one.instance.path in found.unreadable}
    contested: dict[str, str] = {}
    for name, path, place in [
        *((each.candidate.key.name, each.candidate.document.path, each.candidate.place) for each in strangers),
        *((claim.name, claim.path, claim.path) for claim in outside),
    ]:
        if (name, path) in owners.read_from:
            own.add(name)
        else:
            contested[name] = place
    return Admission(
        found=replace(
            found,
            candidates=tuple(admitted),
            claims=tuple(claim for claim in found.claims if claim not in outside),
            unreadable=tuple(path for path in found.unreadable if tenants.name_of(path) is not None),
        ),
        refusals=(
            *(each for one in admitted for each in _excessive(one, tenants)),
            *_too_many(admitted, tenants, known),
        ),
        problems=frozenset(each.problem for each in strangers) | frozenset(_outside(found, tenants)),
        lapsed=frozenset(own),
        contested=contested,
    )


@dataclass(frozen=True, slots=True)
class _Owners:
    """The tenants of known instances, by name and environment, and the files that those were read from."""

    by_name: Mapping[str, Mapping[str, str]]
    read_from: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, known: Mapping[Key, Incumbent], tenants: Tenants) -> "_Owners":
        by_name: dict[str, dict[str, str]] = defaultdict(dict)
        for key, one in known.items():
            if (owner := tenants.owner(key, one.tenant, one.instance.path)) is not None:
                by_name[key.name][key.environment] = owner
        return cls(by_name, frozenset((key.name, one.instance.path) for key, one in known.items()))

    def of_key(self, key: Key) -> str | None:
        return self.by_name.get(key.name, {}).get(key.environment)


def _strange(one: Candidate, tenants: Tenants, owners: _Owners) -> Iterator[Refusal]:
    tenant = tenants.of(one.document.path)
    if isinstance(tenant, str):
        yield Refusal(one, one.problem_at_name(tenant))
        return
    for denial in strangeness(one.key, one.spec, one.former, tenant, tenants):
        yield Refusal(one, _problem(one, denial))
    owner = owners.of_key(one.key)
    if owner not in {None, tenant.name} and tenants.may_name(tenant, one.key.name):
        message = f"{one.key} belongs to the tenant {owner}: {tenant.name} may not take its name"
        yield Refusal(one, one.problem_at_name(message))
    former = Key(one.key.environment, one.former or "")
    owner = owners.of_key(former)
    if owner not in {None, tenant.name} and tenants.may_name(tenant, former.name):
        message = f"{former} belongs to the tenant {owner}: {tenant.name} may not take it over"
        yield Refusal(one, one.problem_at_former_name(message))


def _may_claim(claim: Claim, tenants: Tenants, owners: _Owners) -> bool:
    """Return whether a broken manifest may be one of its tenant's: parts that cannot be read speak for it."""
    tenant = tenants.of(claim.path)
    if isinstance(tenant, str) or (claim.kind in _KINDS and claim.kind not in tenant.kinds):
        return False
    names = [claim.name] if claim.former is None else [claim.name, claim.former]
    taken = {
        owner
        for name in names
        for environment, owner in owners.by_name.get(name, {}).items()
        if claim.environments is None or environment in claim.environments
    }
    return all(tenants.may_name(tenant, name) for name in names) and taken <= {tenant.name}


def _outside(found: Survey, tenants: Tenants) -> Iterator[Problem]:
    """Yield a problem for each file without a tenant in which no manifest could be read."""
    for path in {*found.unreadable, *(claim.path for claim in found.claims)}:
        if isinstance(reason := tenants.of(path), str):
            yield Problem(path, 1, 1, reason)


def _excessive(one: Candidate, tenants: Tenants) -> Iterator[Refusal]:
    tenant = tenants.of(one.document.path)
    if isinstance(tenant, Tenant):
        yield from (
            Refusal(one, _problem(one, each)) for each in excess(one.key, one.spec, one.former, tenant, tenants)
        )


def _too_many(admitted: Sequence[Candidate], tenants: Tenants, known: Mapping[Key, Incumbent]) -> Iterator[Refusal]:
    """Refuse the instances above a tenant's limit: known ones stay, of the others the first by file."""
    of_tenant: dict[str, list[Candidate]] = defaultdict(list)
    for one in admitted:
        of_tenant[tenants.name_of(one.document.path) or ""].append(one)
    for name, candidates in of_tenant.items():
        limit = tenants.by_name[name].instances
        for one in sorted(candidates, key=lambda each: (each.key not in known, *mark(each)))[limit:]:
            message = f"the tenant {name} declares {len(candidates)} instances, but {limit} are its limit"
            yield Refusal(one, one.problem_at_name(message))


def _problem(one: Candidate, denial: Denial) -> Problem:
    place = tuple(denial.place)
    if place[0] == "spec" and place[1] != "environments":
        return one.problem(place[1:], denial.message)
    return Problem(one.document.path, *one.document.at(place), denial.message)
