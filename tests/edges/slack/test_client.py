"""The channel as Slack shows it: threads, their order, one message for many problems, restarts."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from desired_state.instance import Key
from reconciler.core.plan.summary import ResourceSummary
from reconciler.core.ports.control import SourceStatus
from reconciler.core.record.model import Drift, Record
from reconciler.core.record.runs import Intent
from reconciler.core.status.events import Applied, Applying, Failed, FoundInSync, PassHeld
from reconciler.core.vocabulary import Reason
from tests.core.instances import IMAGE, NOW, SERVICE, applied, base, fold, new
from tests.edges.slack.slack_stage import Stage, stage, until

ORDERS = Key("develop", "orders")
SECRET = "hunter2-canary"
OUTSIDE = ResourceSummary("aws_security_group.this", ("update",), {"ingress": ([], [SECRET])})
TAGS = ResourceSummary("aws_iam_role.task", ("update",), {"tags.owner": ("a", SECRET)})


@pytest_asyncio.fixture
async def here(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as running:
        yield running


def drifted(record: Record, *resources: ResourceSummary) -> Record:
    return record.replace(drift=Drift(Reason.OUT_OF_BAND_CHANGE, resources or (OUTSIDE,), NOW, "heal", NOW))


def services(count: int) -> list[Record]:
    return [applied(SERVICE.replace("name: orders", f"name: orders-{n}")) for n in range(count)]


async def test_drift_is_a_thread_that_is_updated_and_resolved(here: Stage) -> None:
    async with here.notifying():
        here.becomes(applied())
        here.becomes(drifted(applied()))
        await until(lambda: here.heads() == [":red_circle: *develop/orders* drifted (OutOfBandChange): 1 resource"])
        here.becomes(drifted(applied(), OUTSIDE, TAGS))
        await until(lambda: len(here.replies()) == 1)
        here.now += timedelta(minutes=2)
        healing = Applying(Intent("p", "d1", "p1", False, here.now), base(applied())), Applied({}, IMAGE)
        here.becomes(fold(here.records[ORDERS], *healing, now=here.now).replace(drift=None))
    (thread,) = here.slack.threads()
    assert thread["text"].splitlines() == [
        ":white_check_mark: *develop/orders* drifted (OutOfBandChange): 2 resources",
        "Resolved after 2m: repaired: the state in Git was applied again",
    ]
    assert [reply.splitlines()[0] for reply in here.replies()] == [
        "Now: *develop/orders* drifted (OutOfBandChange): 2 resources",
        "Resolved after 2m: repaired: the state in Git was applied again",
    ]
    assert here.counts == {"sent": 3}
    assert await here.threads.threads() == {}


async def test_calls_are_in_the_order_of_the_events(here: Stage) -> None:
    async with here.notifying():
        here.becomes(drifted(applied()))
        here.happens(ORDERS, Failed(Reason.APPLY_FAILED, SECRET))
        here.becomes(here.records[ORDERS].replace(drift=None))
    sent = [(call["method"], call["text"].splitlines()[0]) for call in here.slack.transcript()]
    drift, failure = "*develop/orders* drifted (OutOfBandChange): 1 resource", "*develop/orders* failed (ApplyFailed)"
    assert sent == [
        ("chat.postMessage", f":red_circle: {drift}"),
        ("chat.postMessage", f":red_circle: {failure}"),
        ("chat.update", f":white_check_mark: {drift}"),
        ("chat.postMessage", "Resolved after 0s: resolved without an apply"),
    ]
    assert [call["thread_ts"] is not None for call in here.slack.transcript()] == [False, False, False, True]


async def test_a_restart_continues_the_same_thread(here: Stage) -> None:
    async with here.notifying():
        here.becomes(drifted(applied()))
    async with here.notifying() as second:
        second.update_all()
        assert here.counts == {"sent": 1}
        here.becomes(drifted(applied(), OUTSIDE, TAGS))
    async with here.notifying():
        here.becomes(applied())
    assert len(here.slack.threads()) == 1
    assert here.heads()[0].startswith(":white_check_mark:")
    assert len(here.replies()) == 2


async def test_changes_while_the_daemon_was_stopped_are_reported_at_its_start(here: Stage) -> None:
    async with here.notifying():
        here.becomes(drifted(applied()))
    here.records = {ORDERS: fold(applied(), Failed(Reason.PLAN_FAILED, "no"))}
    async with here.notifying(update_every=timedelta(milliseconds=20)):
        await until(lambda: len(here.heads()) == 2)
    assert [head.split(" ")[0] for head in here.heads()] == [":white_check_mark:", ":red_circle:"]


async def test_the_thread_of_an_instance_removed_while_the_daemon_was_stopped_is_resolved(here: Stage) -> None:
    async with here.notifying():
        here.becomes(drifted(applied()))
    here.records.clear()
    async with here.notifying() as notifying:
        notifying.update_all()
    assert here.replies() == ["Resolved after 0s: the instance is gone"]


async def test_many_problems_at_once_are_one_message_with_a_list_in_its_thread(here: Stage) -> None:
    records = services(12)
    async with here.notifying():
        for record in records:
            here.becomes(fold(record, Failed(Reason.INIT_FAILED, SECRET)))
        await until(lambda: len(here.replies()) == 2)
        assert here.heads() == [":red_circle: *12 problems at once*; each is in this thread"]
        listed = "\n".join(here.replies())
        assert all(f"*develop/orders-{n}* failed (InitFailed)" in listed for n in range(12))
        for record in records[1:]:
            here.becomes(fold(record, FoundInSync(base(record), {})))
        await until(
            lambda: here.heads() == [":red_circle: *12 problems at once*, 1 still open; each is in this thread"]
        )
        here.becomes(fold(records[0], FoundInSync(base(records[0]), {})))
    assert here.heads() == [":white_check_mark: *12 problems at once*, all resolved"]
    assert here.replies()[-1].startswith(":white_check_mark: *develop/orders-0* failed (InitFailed)\nResolved")
    assert await here.threads.threads() == {}


async def test_a_few_problems_have_a_thread_each(here: Stage) -> None:
    async with here.notifying():
        for record in services(5):
            here.becomes(drifted(record))
    assert len(here.heads()) == 5


async def test_a_reminder_of_an_open_problem_is_a_reply_in_its_thread(here: Stage) -> None:
    async with here.notifying() as notifying:
        here.becomes(drifted(applied()))
        here.now += timedelta(hours=4)
        notifying.update_all()
        notifying.update_all()
    assert here.replies() == [":bell: Still open after 4h: *develop/orders* drifted (OutOfBandChange): 1 resource"]


async def test_reminders_and_environments_can_be_excluded(here: Stage) -> None:
    async with here.notifying(reminders=False, environments=frozenset({"prod"})) as notifying:
        here.becomes(drifted(applied()))
        here.source = SourceStatus(None, None, "no route", ())
        here.now += timedelta(hours=30)
        notifying.update_all()
        here.now += timedelta(hours=30)
        notifying.update_all()
    assert here.heads() == [":red_circle: The manifests cannot be fetched"]
    assert here.replies() == []


async def test_a_thread_whose_message_was_deleted_is_posted_anew(here: Stage) -> None:
    async with here.notifying():
        here.becomes(drifted(applied()))
        await until(lambda: len(here.slack.messages) == 1)
        here.slack.delete(here.slack.messages[0].ts)
        here.becomes(drifted(applied(), OUTSIDE, TAGS))
    assert here.heads() == [":red_circle: *develop/orders* drifted (OutOfBandChange): 2 resources"]
    assert here.counts == {"sent": 2}


async def test_a_webhook_has_no_threads_so_every_message_names_its_problem(here: Stage) -> None:
    async with here.notifying(here.webhook()):
        here.becomes(drifted(applied()))
        await until(lambda: len(here.slack.messages) == 1)
        here.becomes(drifted(applied(), OUTSIDE, TAGS))
        here.becomes(applied())
    assert here.heads() == [
        ":red_circle: *develop/orders* drifted (OutOfBandChange): 1 resource",
        "Now: *develop/orders* drifted (OutOfBandChange): 2 resources",
        ":white_check_mark: *develop/orders* drifted (OutOfBandChange): 2 resources",
    ]
    assert {call["method"] for call in here.slack.transcript()} == {"webhook"}


async def test_no_secret_and_no_message_of_a_record_is_in_the_transcript(here: Stage) -> None:
    async with here.notifying() as notifying:
        here.becomes(drifted(new(), OUTSIDE, TAGS))
        for reason in (Reason.APPLY_FAILED, Reason.STATE_LOCKED, Reason.ROLLED_BACK, Reason.PRUNE_GUARD):
            here.happens(ORDERS, PassHeld(reason, SECRET))
        here.source = SourceStatus(None, None, SECRET, ())
        here.now += timedelta(days=2)
        notifying.update_all()
    transcript = str(here.slack.transcript())
    assert "ApplyFailed" in transcript
    assert "cannot be fetched" in transcript
    assert SECRET not in transcript
    assert not any(message.unfurl_links for message in here.slack.messages)
