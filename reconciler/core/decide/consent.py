"""The consent that every change of an environment needs: its mode, an approval of exactly this plan, its windows.

Plans of Terraform and moves of states ask the same functions, so that neither is done where the other would wait.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from desired_state.instance import Key
from desired_state.kinds.policy import Mode, Policy
from reconciler.core.access.sameness import count_people, is_author
from reconciler.core.decide.renames import source_of
from reconciler.core.environment import Environment
from reconciler.core.floor import Floor
from reconciler.core.principal import Principal
from reconciler.core.record.consent import Consent, Rejection
from reconciler.core.record.model import Record


def effective_mode(treatment: Policy, environment: Environment) -> Mode:
    """Return the stricter of the manifest's mode and the environment's floor."""
    return environment.floor.effective_mode(treatment.mode).mode


def consents(digest: str, record: Record, valid_for: timedelta, now: datetime) -> Sequence[Consent]:
    """Return who approved the plan with this digest, without approvals that have expired."""
    return [one for one in record.approved_by(digest) if now - one.at < valid_for]


def is_enough(agreed: Sequence[Consent], environment: Environment) -> bool:
    """Return whether as many people approved as the floor of the environment wants."""
    return count_people((one.identities, one.proven) for one in agreed) >= environment.floor.approvals


def missing_approvals(agreed: Sequence[Consent], environment: Environment) -> str:
    """Return the phrase that says how many approvals are there; empty where one is enough, or none is there."""
    needed = environment.floor.approvals
    if needed == 1 or not agreed:
        return f"; {needed} people have to approve" if needed > 1 else ""
    names = " and ".join(dict.fromkeys(one.by for one in agreed))
    own = "a token, sign-in or account of their own"
    return f"; approved by {names}, and {needed} people have to approve, each with {own}"


def own_change(by: Principal, record: Record, floor: Floor) -> str | None:
    """Return why the principal may not agree to this record's change, as the floor forbids it to its authors.

    Somebody who does not prove who they are cannot prove to be another person than the author.
    """
    if floor.author_may_approve:
        return None
    rule = f"nobody approves a change of their own in {record.key.environment} (`floor.author_may_approve`)"
    for author in record.authors or ():
        named = [(author.email, author.name), *([(_address(author.signer), author.signer)] if author.signer else [])]
        if any(is_author(by.identities, email=email, name=name) for email, name in named):
            return f"commit {author.commit[:12]} is yours, and {rule}: ask a colleague"
    if not by.personal:
        return (
            f"{rule}, and neither the shared token nor the daemon's own account says who you are: use a token, sign-in"
            " or account of your own, or set `floor.author_may_approve: true`"
        )
    return None


def _address(signer: str) -> str:
    """Return the address in the name of a key, such as `Ann <ann@example.com>`; without one, the name itself."""
    return signer.partition("<")[2].rstrip("> ") or signer


def rejection_of(digest: str, record: Record) -> Rejection | None:
    """Return the rejection of the plan with this digest."""
    return record.rejection if record.rejection and record.rejection.plan_digest == digest else None


def expired_approval(digest: str, record: Record) -> str:
    """Return the phrase that an earlier approval of this digest has expired; empty without one.

    To be asked of plans that nobody approves now.
    """
    expired = record.approval is not None and record.approval.plan_digest == digest
    return f"; the approval of {record.approval.by} has expired" if record.approval and expired else ""


def explain_rejection(record: Record, rejection: Rejection) -> str:
    """Describe a rejection, with the command that lifts it."""
    return (
        f"rejected by {rejection.by} at {rejection.at:%Y-%m-%d %H:%M} UTC: not offered again until"
        f" the plan changes; `reconciler approve {record.key}` approves it after all"
    )


def has_windows(record: Record, records: Mapping[Key, Record], floor: Floor) -> bool:
    """Return whether the instance, or the former name whose state it takes over, waits for change windows."""
    source = source_of(record)
    former = records.get(source) if source else None
    return any(floor.has_windows(each.instance.policy) for each in (record, former) if each)


def outside_windows(record: Record, treatment: Policy, environment: Environment, now: datetime) -> bool:
    """Return whether a change has to wait for a window, and no operator opened one for this pass of the record."""
    override = record.window_override
    if override and override.is_open(now):
        return False
    return not environment.floor.is_open(treatment, now)
