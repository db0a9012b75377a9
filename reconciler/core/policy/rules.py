"""Policy rules that hold for every plan, whatever the manifest says and even with an approval.

Some deny a plan: mandatory tags, encryption at rest, public exposure. Others only require an approval: destroying or
replacing what holds data or addresses or serves now, and more changes at once than usual.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.core.plan.model import UNKNOWN, Change, Plan
from reconciler.core.policy.encryption import losses
from reconciler.core.policy.exposure import exposures
from reconciler.core.policy.serving import interrupts
from reconciler.core.wording import first_few

# What cannot be made again as it was: data, keys, or addresses that others know.
_STATEFUL = frozenset(
    {
        "aws_alb",
        "aws_db_instance",
        "aws_dynamodb_table",
        "aws_ecr_repository",
        "aws_ecs_cluster",
        "aws_efs_file_system",
        "aws_elasticache_replication_group",
        "aws_kms_key",
        "aws_lb",
        "aws_rds_cluster",
        "aws_s3_bucket",
        "aws_secretsmanager_secret",
        "aws_vpc",
    }
)
# An author who sets these has said that the content may go with the resource.
_DISPOSABLE = ("force_delete", "force_destroy")
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Rules:
    """The configured rules. `exceptions`: pairs of an instance's key and an address that no rule denies, as texts."""

    mandatory_tags: frozenset[str] = frozenset()
    exceptions: frozenset[tuple[str, str]] = frozenset()
    most_changes: int = 100
    most_destroys: int = 10
    most_creates: int = 10


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that an address breaks, and how."""

    address: str
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.address}: {self.rule}: {self.what}"


def violations(plan: Plan, rules: Rules, key: str) -> tuple[Violation, ...]:
    """Return why the plan must not be applied."""
    gone = frozenset(
        str(change.before.get("bucket")) for change in plan.changes if change.type == "aws_s3_bucket" and change.deletes
    )
    return tuple(
        Violation(change.address, rule, what)
        for change in plan.changes
        if (key, change.address) not in rules.exceptions
        for rule, what in _broken(change, rules, gone)
    )


def explain(found: tuple[Violation, ...], key: str) -> str:
    """Describe violations on one line that says what to do."""
    named = first_few(map(str, found), _SHOWN, separator="; ")
    return f'{named}. Change the root or the manifest, or allow it: `policy.exceptions: ["{key} {found[0].address}"]`'


def approval_reason(plan: Plan, rules: Rules, *, pruning: bool, applied: bool) -> str | None:
    """Return why the plan needs an approval; None when it needs none. The size of a prune has guards of its own.

    The creations of a first apply are not counted. An instance that was `applied` is there already: many creations then
    mean a large change, or that what exists is not seen.
    """
    lost = [change for change in plan.changes if _loses_state(change, pruning=pruning)]
    if lost:
        return f"it destroys or replaces resources that cannot be recreated as they were: {_named(lost)}"
    if pruning:
        return None
    if interrupted := [change for change in plan.changes if interrupts(change)]:
        return f"it destroys or replaces resources that serve now, which is an outage: {_named(interrupted)}"
    destroys = sum(change.deletes for change in plan.changes)
    creates = sum(change.actions == ("create",) for change in plan.changes) if applied else 0
    changes = creates + sum(change.actions != ("create",) for change in plan.changes)
    if destroys > rules.most_destroys:
        return f"it destroys or replaces {destroys} resources, more than {rules.most_destroys} (`policy.max_destroys`)"
    if creates > rules.most_creates:
        return (
            f"it creates {creates} resources in what was applied, more than {rules.most_creates} (`policy.max_creates`)"
        )
    if changes > rules.most_changes:
        return f"it changes {changes} resources, more than {rules.most_changes} (`policy.max_changes`)"
    return None


def _named(changes: list[Change]) -> str:
    return first_few((change.address for change in changes), _SHOWN)


def _broken(change: Change, rules: Rules, gone: frozenset[str]) -> Iterator[tuple[str, str]]:
    if missing := _missing_tags(change, rules.mandatory_tags):
        yield "mandatory tags", f"without {', '.join(missing)}"
    yield from (("encryption at rest", what) for what in losses(change, gone))
    yield from (("public exposure", what) for what in exposures(change, gone))


def _missing_tags(change: Change, mandatory: frozenset[str]) -> list[str]:
    """Return the tags that a resource would lack. A type without `tags_all` takes none."""
    tags = change.after.get("tags_all", UNKNOWN)
    if tags == UNKNOWN:
        return []
    found = tags if isinstance(tags, Mapping) else {}
    return sorted(name for name in mandatory if found.get(name) in (None, ""))


def _loses_state(change: Change, *, pruning: bool) -> bool:
    if change.type not in _STATEFUL or not change.deletes:
        return False
    return not (pruning and any(change.before.get(name) is True for name in _DISPOSABLE))
