"""Refusals of Slack, which last until a person changes something: what was refused counts as not sent."""

import asyncio
from datetime import timedelta
from typing import Any

from deploy.local.slackline.workspace import Fault
from tests.core.instances import SERVICE, applied
from tests.edges.slack.slack_stage import Stage, drifted, until


async def test_what_slack_refused_is_sent_once_the_refusal_ends(here: Stage, lines: list[dict[str, Any]]) -> None:
    """A channel without the app is not told of an incident; once the app is invited, it is, without a restart."""
    gone = Fault("error", times=10**6, error="channel_not_found")
    here.slack.faults.append(gone)
    async with here.notifying() as notifying:
        here.becomes(drifted())
        await until(lambda: here.counts["failed"] == 1)
        notifying.update_all()
        here.now += timedelta(seconds=59)
        notifying.update_all()
        await asyncio.sleep(0.1)
        assert here.counts == {"failed": 1}  # a refusal is not tried at each update
        here.now += timedelta(seconds=1)
        notifying.update_all()
        await until(lambda: here.counts["failed"] == 2)
        here.now += timedelta(seconds=60)
        notifying.update_all()
        await asyncio.sleep(0.1)
        assert here.counts == {"failed": 2}  # the intervals grow
        gone.times = 0
        here.now += timedelta(seconds=60)
        notifying.update_all()
        await until(lambda: here.counts["sent"] == 1)
        here.now += timedelta(minutes=10)
        notifying.update_all()
    assert here.heads() == [":red_circle: *develop/orders* drifted (OutOfBandChange): 1 resource"]
    assert here.counts == {"failed": 2, "sent": 1}
    assert [line["event"] for line in lines] == ["slack_failed"]


async def test_an_incident_that_ended_while_slack_refused_is_not_posted(here: Stage) -> None:
    gone = Fault("error", times=1, error="channel_not_found")
    here.slack.faults.append(gone)
    async with here.notifying() as notifying:
        here.becomes(drifted())
        await until(lambda: here.counts["failed"] == 1)
        here.becomes(applied())
        here.now += timedelta(minutes=2)
        notifying.update_all()
    assert here.slack.messages == []


async def test_a_burst_that_was_refused_is_sent_later(here: Stage) -> None:
    here.slack.faults.append(Fault("error", times=1, error="not_in_channel"))
    async with here.notifying(group_over=1) as notifying:
        for name in ("one", "two", "three"):
            here.becomes(drifted(applied(SERVICE.replace("name: orders", f"name: {name}"))))
        await until(lambda: here.counts["failed"] == 3)
        here.now += timedelta(minutes=1)
        notifying.update_all()
        await until(lambda: here.counts["sent"] == 3)
    assert len(here.heads()) == 1
