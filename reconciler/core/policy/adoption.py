"""Adoption: a first plan that imports may do nothing else, and each one needs an approval.

Where an apply has begun before, resources that it made and the state does not know can be imported together with those
that are still to be created, because neither can be had without the other.

Three differences are left to an adopting apply. Tags, because a root's default tags are on nothing that was built by
hand. Arguments of Terraform alone, which no cloud knows: a provider cannot read them, so every import sets them. And
the task definition of a service, which the provider imports as `family:revision` and every root names by its ARN.
"""

from collections.abc import Iterator

from reconciler.core.plan.equivalence import both_nothing
from reconciler.core.plan.model import Change, Plan
from reconciler.core.plan.paths import head
from reconciler.core.plan.summary import operation
from reconciler.core.wording import first_few

_TAGS = frozenset({"tags", "tags_all"})
# Arguments that the AWS provider keeps in the state only. Source: its documentation of import, per resource.
_OF_TERRAFORM = frozenset(
    {
        *(
            "apply_immediately",
            "bypass_policy_lockout_safety_check",
            "deletion_window_in_days",
            "delete_automated_backups",
        ),
        *("force_delete", "force_destroy", "force_detach_policies", "force_new_deployment"),
        *("force_overwrite_replica_secret", "recovery_window_in_days", "revoke_rules_on_delete", "skip_destroy"),
        *("skip_final_snapshot", "timeouts", "track_latest", "wait_for_steady_state"),
    }
)
_SHOWN = 5
_LONGEST = 100


def refusal(plan: Plan) -> str | None:
    """Return why a first plan that imports is refused; None when it imports nothing, or nothing else happens.

    A state that holds more resources than the imports is not a first plan. Every difference is named by its attribute,
    with the existing and the wanted value.
    """
    more = [text for change in plan.changes for text in _more(change)]
    if not plan.imports or not more or plan.existing > len(plan.imports):
        return None
    named = first_few(more, _SHOWN, separator="; ")
    return (
        f"it would not only adopt what exists, but also {named}. Adopt first: make manifest and root say what exists,"
        " and give `spec.import` an entry for every resource; change it afterwards"
    )


def what_changes(plan: Plan) -> str:
    """Describe an adoption in a phrase."""
    tagged = sum(
        any(head(path) in _TAGS and not both_nothing(*values) for path, values in change.attributes.items())
        for change in plan.changes
    )
    count = len(plan.imports)
    what = "1 resource that exists is" if count == 1 else f"{count} resources that exist are"
    changes = (
        f"; of these {tagged} get other tags, and nothing else is changed" if tagged else ", and nothing is changed"
    )
    if any(True for change in plan.changes for _ in _more(change)):
        changes = ", and more is changed with it"
    return f"{what} adopted{changes}"


def _more(change: Change) -> Iterator[str]:
    if change.imports is None or change.actions != ("update",):
        yield f"{operation(change.actions)} {change.address}"
        return
    for path, (old, new) in sorted(change.attributes.items()):
        if not _is_left_to_it(path, old, new):
            yield f"change {change.address} {path} from {_short(old)} to {_short(new)}"


def _is_left_to_it(path: str, old: object, new: object) -> bool:
    attribute = head(path)
    if attribute in _TAGS or both_nothing(old, new):
        return True
    if path == "task_definition":
        return isinstance(old, str) and isinstance(new, str) and new.endswith(f":task-definition/{old}")
    return attribute in _OF_TERRAFORM and old is None


def _short(value: object) -> str:
    text = repr(value) if not isinstance(value, str) else f'"{value}"'
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
