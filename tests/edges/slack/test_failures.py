"""Failures of Slack (refusals, slowness, absence): counted, retried where that helps, never a delay of the engine."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from deploy.local.slackline.workspace import Fault
from reconciler.core.status.events import Failed
from reconciler.core.vocabulary import Reason
from reconciler.edges.slack import notifications
from reconciler.edges.slack.client import SlackFailed, bot
from reconciler.edges.slack.delivery import Retries, when_to_retry
from tests.core.instances import SERVICE, applied, fold
from tests.edges.slack.slack_stage import AT_ONCE, Stage, drifted, until
from tests.patience import PATIENCE


@pytest.mark.parametrize(
    "fault",
    [
        Fault("rate_limit", times=2, seconds=0),
        Fault("unavailable", times=2, status=503),
        Fault("unavailable", times=2, status=500),
        Fault("garbled", times=2),
        Fault("error", times=2, error="internal_error"),
        Fault("hang", times=2),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
async def test_temporary_failures_are_retried_and_counted(here: Stage, fault: Fault) -> None:
    here.slack.faults.append(fault)
    async with here.notifying():
        here.becomes(drifted())
    assert len(here.heads()) == 1
    assert here.counts == {"sent": 1, "retried": 2}


@pytest.mark.parametrize("kind", ["rate_limit", "unavailable", "hang"])
async def test_a_webhook_is_retried_too(here: Stage, kind: str) -> None:
    here.slack.faults.append(Fault(kind, times=2))
    async with here.notifying(here.webhook()):
        here.becomes(drifted())
    assert here.counts == {"sent": 1, "retried": 2}


async def test_a_retry_waits_as_long_as_slack_asks_for(here: Stage) -> None:
    here.slack.faults.append(Fault("rate_limit", seconds=17))
    async with here.bot() as line:
        with pytest.raises(SlackFailed) as caught:
            await line.post("hello")
    assert when_to_retry(caught.value) == timedelta(seconds=17)


async def test_a_retry_waits_at_most_five_minutes(here: Stage) -> None:
    here.slack.faults += [Fault("rate_limit", seconds=10**7)]
    async with here.webhook() as line:
        with pytest.raises(SlackFailed) as caught:
            await line.post("hello")
    assert when_to_retry(caught.value) == timedelta(minutes=5)


async def test_a_refusal_is_not_retried_and_is_logged_once_with_the_remedy(
    here: Stage, lines: list[dict[str, Any]]
) -> None:
    async with here.notifying(here.bot(token="xoxb-wrong-token")):
        here.becomes(drifted())
        here.becomes(fold(drifted(), Failed(Reason.APPLY_FAILED, "no")))
    assert here.counts == {"failed": 2}
    (line,) = lines
    assert line == {
        "event": "slack_failed",
        "level": "error",
        "error": "invalid_auth",
        "remedy": "check slack.token",
    }


@pytest.mark.parametrize(
    ("line", "code", "remedy"),
    [("channel", "channel_not_found", "slack.channel"), ("webhook", "no_service", "slack.webhook")],
)
async def test_a_wrong_channel_and_a_wrong_webhook_are_named(
    here: Stage, lines: list[dict[str, Any]], line: str, code: str, remedy: str
) -> None:
    wrong = here.bot(channel="#nowhere") if line == "channel" else here.webhook("/services/T/B/gone")
    async with here.notifying(wrong):
        here.becomes(drifted())
    assert [(found["error"], remedy in found["remedy"]) for found in lines] == [(code, True)]
    assert here.counts == {"failed": 1}


async def test_an_unavailable_slack_does_not_delay_the_engine_and_gets_the_notice_later(
    here: Stage, lines: list[dict[str, Any]]
) -> None:
    dead = Fault("hang", times=10**6)
    here.slack.faults.append(dead)
    async with here.notifying(update_every=timedelta(milliseconds=20)):
        here.becomes(drifted())
        assert here.slack.calls == []  # the engine continued before anything was sent
        await until(lambda: here.counts["failed"] >= 2)
        dead.times = 0
        await until(lambda: here.heads() == [":red_circle: *develop/orders* drifted (OutOfBandChange): 1 resource"])
    assert here.counts["sent"] == 1
    assert len([line for line in lines if line["event"] == "slack_failed"]) == 1


async def test_a_problem_resolved_before_its_notice_was_sent_is_not_posted(here: Stage) -> None:
    here.slack.faults.append(Fault("unavailable", times=4))
    async with here.notifying():
        here.becomes(drifted())
        here.becomes(applied())
    assert here.slack.messages == []


async def test_a_failed_close_is_sent_at_the_next_update(here: Stage) -> None:
    async with here.notifying() as notifying:
        here.becomes(drifted())
        await until(lambda: here.counts["sent"] == 1)
        here.slack.faults.append(Fault("unavailable", times=4))
        here.becomes(applied())
        await until(lambda: here.counts["failed"] == 1)
        notifying.update_all()
    assert here.heads()[0].startswith(":white_check_mark:")


async def test_a_failed_reply_is_sent_again(here: Stage) -> None:
    async with here.notifying() as notifying:
        here.becomes(drifted())
        await until(lambda: here.counts["sent"] == 1)
        here.slack.faults.append(Fault("unavailable", method="chat.postMessage", times=4))
        here.becomes(applied())
        await until(lambda: here.counts["failed"] == 1)
        notifying.update_all()
    assert here.replies() == ["Resolved after 0s: resolved without an apply"]


async def test_a_workspace_that_forbids_edits_still_gets_the_replies(here: Stage) -> None:
    here.slack.faults.append(Fault("error", error="edit_window_closed", method="chat.update"))
    async with here.notifying():
        here.becomes(drifted())
        here.becomes(applied())
    assert here.replies() == ["Resolved after 0s: resolved without an apply"]
    assert here.counts == {"sent": 2}


async def test_a_burst_whose_list_failed_is_sent_again(here: Stage) -> None:
    records = [drifted(applied(SERVICE.replace("name: orders", f"name: orders-{n}"))) for n in range(6)]
    here.slack.faults += [Fault("slow", seconds=0), Fault("unavailable", times=4)]
    async with here.notifying() as notifying:
        for record in records:
            here.becomes(record)
        await until(lambda: here.counts["failed"] == 6)
        notifying.update_all()
    assert [len(thread["replies"]) for thread in here.slack.threads()] == [0, 1]
    assert here.counts["sent"] == 6


async def test_an_address_without_a_server_is_retried_and_counted_as_failed(here: Stage) -> None:
    async with here.notifying(bot(token="xoxb-1", channel="C1", api_url="http://127.0.0.1:9/api")):
        here.becomes(drifted())
    assert here.counts == {"retried": 3, "failed": 1}


async def test_pending_notices_are_sent_at_the_stop(here: Stage) -> None:
    async with here.notifying(group_wait=timedelta(hours=1)):
        here.becomes(drifted())
    assert len(here.heads()) == 1


async def test_a_stop_does_not_wait_for_an_unresponsive_slack(here: Stage, lines: list[dict[str, Any]]) -> None:
    here.slack.faults.append(Fault("slow", times=10**6, seconds=3600))
    async with asyncio.timeout(PATIENCE):
        async with here.notifying(flush=timedelta(milliseconds=50)):
            here.becomes(drifted())
    assert here.counts == {"dropped": 1}
    assert lines == [
        {
            "event": "notifications_dropped",
            "level": "warning",
            "why": "the daemon stopped",
            "count": 1,
            "oldest": "drift develop/orders",
        }
    ]


async def test_a_full_queue_drops_the_oldest_notice_counts_it_and_sends_it_at_the_next_update(
    here: Stage, monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]]
) -> None:
    monkeypatch.setattr(notifications, "QUEUED_AT_MOST", 3)
    async with here.notifying(retries=AT_ONCE) as notifying:
        for n in range(5):
            here.becomes(drifted(applied(SERVICE.replace("name: orders", f"name: orders-{n}"))))
        await until(lambda: here.counts["sent"] == 3)
        assert here.counts["dropped"] == 2
        assert [line["oldest"] for line in lines] == ["drift develop/orders-0", "drift develop/orders-1"]
        notifying.update_all()
    assert sorted(head.split("*")[1] for head in here.heads()) == [f"develop/orders-{n}" for n in range(5)]


async def test_a_failed_store_does_not_prevent_the_message(
    here: Stage, monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]]
) -> None:
    async def fail(*_: str) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(here.threads, "keep_thread", fail)
    async with here.notifying():
        here.becomes(drifted())
    assert here.counts == {"sent": 1}
    assert [line["event"] for line in lines] == ["thread_not_kept"]


async def test_a_stored_thread_that_cannot_be_read_is_posted_anew(here: Stage, lines: list[dict[str, Any]]) -> None:
    await here.threads.keep_thread("drift develop/orders", "{}")
    here.records[applied().key] = drifted()
    async with here.notifying() as notifying:
        notifying.update_all()
    assert len(here.heads()) == 1
    assert [line["event"] for line in lines] == ["thread_forgotten"]


async def test_a_defect_in_the_choice_of_notices_is_only_logged(
    here: Stage, monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("reconciler.core.notify.notices.of_change", broken)
    async with here.notifying():
        here.becomes(drifted())
    assert [line["event"] for line in lines] == ["notices_crashed"]


def test_retries_are_bounded_by_number_and_time() -> None:
    assert Retries().attempts < 20
    assert Retries().within <= timedelta(minutes=15)
