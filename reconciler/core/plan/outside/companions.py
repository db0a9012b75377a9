"""Attributes that other resources of the same state account for.

A route table lists the routes that `aws_route` resources made, a bucket shows the policy of its `aws_s3_bucket_policy`.
Terraform reports them as outside changes at the first refresh after their creation. A real change of them shows in the
plan of the resource that manages them, so here they are no addition; what remains beside them is.

Which resource is a companion of which is read from the references of the configuration, and from the ids in the state.
It accounts for an attribute that its type is named after, and for what was added when it has the same values itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.core.plan.equivalence import canonical
from reconciler.core.plan.outside import security_groups
from reconciler.core.plan.outside.references import References, without_keys
from reconciler.core.plan.outside.schema import ResourceSchemas

Values = Mapping[str, Any]

# Attributes with a companion of their own whose names do not tell it. Source: the pages of these companions in the
# documentation of the AWS provider.
_AUTHORITIES = {
    ("aws_iam_role", "inline_policy"): "aws_iam_role_policies_exclusive",
    ("aws_iam_role", "managed_policy_arns"): "aws_iam_role_policy_attachments_exclusive",
    ("aws_s3_bucket", "acceleration_status"): "aws_s3_bucket_accelerate_configuration",
    ("aws_s3_bucket", "grant"): "aws_s3_bucket_acl",
    ("aws_s3_bucket", "request_payer"): "aws_s3_bucket_request_payment_configuration",
}
_CONFIGURATION = "_configuration"
_IDENTITIES = ("id", "arn")


@dataclass(frozen=True, slots=True)
class StateResource:
    """A managed resource of the state, sensitive values included."""

    address: str
    type: str
    values: Values


def watched(
    owner: StateResource,
    before: Values,
    resources: Iterable[StateResource],
    refers: References,
    schemas: ResourceSchemas,
) -> frozenset[str]:
    """Return the changed attributes of a resource that others account for. `owner` has the values that were found."""
    others = [other for other in resources if other.address != owner.address]
    related = [other for other in others if _is_related(other, owner, before, refers)]
    free = [one for one in related if not _is_named_after_any(one.type, owner.type, schemas)]
    names = {name for name in {*before, *owner.values} if before.get(name) != owner.values.get(name)}
    return frozenset(
        name
        for name in names
        if any(_is_named_after(one.type, owner.type, name) for one in related)
        or _is_accounted_for(name, owner, before, free, others)
    )


def _is_related(other: StateResource, owner: StateResource, before: Values, refers: References) -> bool:
    if not _identities(owner.values, before).isdisjoint(_texts(other.values)):
        return True
    named = without_keys(owner.address)
    # With keys, the configuration does not tell which instance refers to which.
    return named == owner.address and named in refers.get(without_keys(other.address), ())


def _is_accounted_for(
    name: str, owner: StateResource, before: Values, related: Sequence[StateResource], others: Sequence[StateResource]
) -> bool:
    if owner.type == "aws_security_group":
        return security_groups.is_accounted_for(name, before, owner.values, [(one.type, one.values) for one in related])
    there, found = list(_members(before.get(name))), list(_members(owner.values.get(name)))
    added = [member for member in found if member not in there]
    candidates = [one for one in related if _may_manage(one, owner, name)]
    ids = _identities(owner.values, before)
    return all(any(_has(one, member, ids, others) for one in candidates) for member in added or there)


def _is_named_after(companion: str, owner: str, attribute: str) -> bool:
    """Return whether the type of the companion says that it manages this attribute of its owner."""
    if _AUTHORITIES.get((owner, attribute)) == companion:
        return True
    if not companion.startswith(f"{owner}_"):
        return False
    part = companion.removeprefix(f"{owner}_")
    stem = part.removesuffix(_CONFIGURATION)
    return attribute in (part, stem) or (part != stem and attribute.startswith(f"{stem}_"))


def _is_named_after_any(companion: str, owner: str, schemas: ResourceSchemas) -> bool:
    """Return whether the companion manages one attribute of its owner, which its type names, and so no other."""
    return any(_is_named_after(companion, owner, name) for name in schemas.names(owner))


def _may_manage(companion: StateResource, owner: StateResource, attribute: str) -> bool:
    """Return whether no flag of the companion speaks for another attribute, as `egress` of a rule of a network ACL."""
    flags = {
        name: value for name, value in companion.values.items() if isinstance(value, bool) and name in owner.values
    }
    own = {name: flag for name, flag in flags.items() if not isinstance(owner.values[name], bool)}
    return all(flag is (name == attribute) for name, flag in own.items())


def _has(companion: StateResource, member: Any, ids: frozenset[str], others: Sequence[StateResource]) -> bool:
    """Return whether the companion, and what it attaches, have all values of a member.

    A companion without an id is not read yet: the member then only has to have what is known of it.
    """
    wanted, own = frozenset(_leaves(member)), frozenset(_leaves(companion.values)) - ids
    attached = [one for one in others if str(one.values.get("id")) in wanted & own]
    known = own.union(ids, *(_leaves(one.values) for one in attached))
    return bool(wanted) and (wanted <= known or ("id" not in companion.values and own <= wanted))


def _members(value: Any) -> Iterator[Any]:
    """Yield what a value consists of: the members of a list, the entries of a map, or the value itself."""
    if isinstance(value, list):
        yield from value
    elif isinstance(value, Mapping):
        yield from ([name, inner] for name, inner in value.items())
    elif value not in (None, ""):
        yield value


def _leaves(value: Any) -> Iterator[str]:
    """Yield the values inside of a value that say something, in a notation that is the same everywhere."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif value:
        yield canonical(value)


def _texts(value: Any) -> frozenset[str]:
    return frozenset(_leaves(value))


def _identities(*values: Values) -> frozenset[str]:
    return frozenset(str(each[name]) for each in values for name in _IDENTITIES if each.get(name))
