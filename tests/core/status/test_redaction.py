"""No event carries a secret into a record; what is no secret stays as it is."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from reconciler.core.live import LiveService, RolloutState
from reconciler.core.plan.state_file import StateVersion
from reconciler.core.record.consent import Approval, Rejection, WindowOverride
from reconciler.core.record.state import FromEmpty, StatePlace, StateSeen
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.events import (
    Accepted,
    Applied,
    Approved,
    Attributed,
    Event,
    Failed,
    FoundInSync,
    Invalid,
    OverrideUsed,
    PassHeld,
    ReconcileRequested,
    Rejected,
    RolloutObserved,
    StateMissed,
    TreeHeldBack,
    UnlockRequested,
    Waiting,
)
from reconciler.core.status.redaction import redacted
from reconciler.core.vocabulary import Reason
from tests.core.instances import IMAGE, NOW, base, instance, new

SECRET = "correct-horse-battery"
REDACTOR = Redactor(b"a key for tests").with_literals(SECRET)
SEEN = StateSeen(
    StatePlace("123456789012", "eu-central-1", "states", "develop/orders/terraform.tfstate"), StateVersion()
)

# Each event by the text in it that comes from outside: from Terraform, AWS, a manifest or the caller of the API.
SAYS: dict[str, Callable[[str], Event]] = {
    "held": lambda text: PassHeld(Reason.PLAN_FAILED, text),
    "waiting": lambda text: Waiting(Reason.AWAITING_APPROVAL, text),
    "failed": lambda text: Failed(Reason.APPLY_FAILED, text, of_apply=True),
    "invalid": Invalid,
    "attributed": Attributed,
    "rollout": lambda text: RolloutObserved(
        LiveService(IMAGE, IMAGE, RolloutState.FAILED, "td:1", text, 1, 2), timedelta(minutes=9)
    ),
    "approved": lambda text: Approved(Approval("p1", text, NOW)),
    "rejected": lambda text: Rejected(Rejection("p1", text, NOW)),
    "overridden by": lambda text: ReconcileRequested(WindowOverride(text, "an incident", NOW)),
    "overridden because": lambda text: ReconcileRequested(WindowOverride("anna", text, NOW)),
    "created anew by": lambda text: ReconcileRequested(from_empty=FromEmpty(text, "a new account", NOW)),
    "created anew because": lambda text: ReconcileRequested(from_empty=FromEmpty("anna", text, NOW)),
    "a lost state": lambda text: StateMissed(SEEN, SEEN, text),
    "outputs of a look": lambda text: FoundInSync(base(new()), {"url": text, "other": {"deep": [text]}}),
    "outputs of an apply": lambda text: Applied({"url": text, "other": {"deep": [text]}}, IMAGE),
}


@pytest.mark.parametrize("event", SAYS.values(), ids=SAYS)
def test_a_secret_in_an_event_is_marked_and_the_words_around_it_stay(event: Callable[[str], Event]) -> None:
    found = redacted(event(f"before {SECRET} after"), REDACTOR)
    assert found == event(f"before {REDACTOR.mark(SECRET)} after")
    assert SECRET not in repr(found)


@pytest.mark.parametrize("event", SAYS.values(), ids=SAYS)
def test_an_event_without_a_secret_stays_as_it_is(event: Callable[[str], Event]) -> None:
    assert redacted(event("plain words"), REDACTOR) == event("plain words")


@pytest.mark.parametrize("event", [FoundInSync(base(new()), {"platform": SECRET}), Applied({"platform": SECRET}, None)])
def test_what_a_platform_passes_on_to_its_services_stays_what_it_is(event: Event) -> None:
    assert redacted(event, REDACTOR) == event


@pytest.mark.parametrize(
    "event",
    [
        Accepted(instance(), "c1"),
        TreeHeldBack("waits for develop"),
        OverrideUsed(WindowOverride("anna", "an incident", NOW)),
        ReconcileRequested(),
        UnlockRequested("lock-1"),
    ],
)
def test_an_event_that_quotes_nothing_from_outside_is_returned_unchanged(event: Event) -> None:
    assert redacted(event, REDACTOR) == event
