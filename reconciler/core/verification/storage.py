"""Storage checks: encryption, tags, retention."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from reconciler.core.verification.account import Account, Tags
from reconciler.core.verification.finding import Violation

PURPOSES = ("ecs", "ecr", "secrets", "logs", "s3")
UNTAGGED_DAYS = 7
_ALIAS = "alias/"
MANDATORY = ("Environment", "Owner", "CostCenter")
COMPLIANCE = "Compliance"


class _Named(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def tags(self) -> Tags: ...


def keys(account: Account, environment: str) -> Iterator[Violation]:
    found = {key.alias for key in account.keys}
    for purpose in PURPOSES:
        if f"{_ALIAS}{environment}-{purpose}" not in found:
            yield Violation(f"key {_ALIAS}{environment}-{purpose}", 5, "does not exist")
    for key in account.keys:
        if not key.enabled:
            yield Violation(f"key {key.alias}", 5, "is disabled or waits for deletion")
        elif not key.rotates:
            yield Violation(f"key {key.alias}", 5, "does not rotate")


def encryption(account: Account, environment: str) -> Iterator[Violation]:
    """Check encryption. A load balancer's log bucket may use S3's own keys, because load balancers write to no
    other.
    """
    own = {name for key in account.keys for name in (key.id, key.alias.removeprefix(_ALIAS))}
    log_buckets = {f"bucket {balancer.log_bucket}" for balancer in account.balancers}
    named = {
        **{f"repository {repository.name}": repository.key for repository in account.repositories},
        **{f"log group {group.name}": group.key for group in account.log_groups},
        **{f"pipeline {pipeline.name}": pipeline.key for pipeline in account.pipelines},
        **{f"build project {project.name}": project.key for project in account.projects},
        **{f"{store.kind} {store.name}": store.encryption for store in account.stores},
    }
    for where, key in named.items():
        if (key or "").rpartition("/")[2] not in own and not (key == "AES256" and where in log_buckets):
            yield Violation(where, 5, "is not encrypted with a key of the environment")


def states(account: Account, environment: str) -> Iterator[Violation]:
    """Check that each state was written with the key that was made for states.

    The S3 backend without `kms_key_id` asks for AES256 itself, which a bucket's default does not override.
    """
    for state in account.states:
        where = f"state {state.name}"
        if state.expected_key is None:
            yield Violation(where, 5, "the key of the states does not exist")
        elif state.encryption != "aws:kms":
            yield Violation(where, 5, f"is encrypted with {state.encryption or 'nothing'}, not with a KMS key")
        elif (state.key or "").rpartition("/")[2] != state.expected_key:
            yield Violation(where, 5, f"is encrypted with {state.key or 'the key of AWS'}, not {state.expected_key}")


def log_groups(account: Account, environment: str, days: int) -> Iterator[Violation]:
    for group in account.log_groups:
        if group.days != days:
            kept = "for ever" if group.days is None else f"{group.days} days"
            yield Violation(f"log group {group.name}", 9, f"is kept {kept}, not {days} days")


def repositories(account: Account, environment: str) -> Iterator[Violation]:
    for repository in account.repositories:
        where = f"repository {repository.name}"
        if not repository.scans:
            yield Violation(where, 7, "images are not scanned when pushed")
        if repository.mutability != "IMMUTABLE":
            yield Violation(where, 18, f"tags are {repository.mutability}")
        if repository.untagged_days != UNTAGGED_DAYS:
            after = "never" if repository.untagged_days is None else f"after {repository.untagged_days} days"
            yield Violation(where, 19, f"untagged images expire {after}, not after {UNTAGGED_DAYS} days")


def tags(account: Account, environment: str) -> Iterator[Violation]:
    for where, found in _tagged(account):
        missing = [name for name in MANDATORY if not found.get(name)]
        if missing:
            yield Violation(where, 51, f"lacks the tags {', '.join(missing)}")
        elif found["Environment"] != environment:
            yield Violation(where, 51, f"is tagged Environment={found['Environment']}")
        if not found.get(COMPLIANCE):
            yield Violation(where, 55, f"lacks the tag {COMPLIANCE}")


def _tagged(account: Account) -> Iterator[tuple[str, Tags]]:
    for vpc in account.vpcs:
        yield f"VPC {vpc.id}", vpc.tags
    for group in account.security_groups:
        yield f"security group {group.name} ({group.id})", group.tags
    named: Mapping[str, Sequence[_Named]] = {
        "load balancer": account.balancers,
        "cluster": account.clusters,
        "service": account.services,
        "repository": account.repositories,
        "log group": account.log_groups,
        "pipeline": account.pipelines,
        "build project": account.projects,
    }
    for kind, resources in named.items():
        for resource in resources:
            yield f"{kind} {resource.name}", resource.tags
    for key in account.keys:
        yield f"key {key.alias}", key.tags
    for store in account.stores:
        yield f"{store.kind} {store.name}", store.tags
