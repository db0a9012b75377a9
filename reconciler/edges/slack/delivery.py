"""Delivery of one notice to Slack: its message, its thread, retries, and what is stored of it.

A thread's first message always shows the present state of its incident. Where there are no threads, and where many
incidents share one, a message repeats the incident's title. A deleted message is posted anew.
"""

import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import TypeVar

import stamina
from pydantic import TypeAdapter
from pydantic_core import from_json

from reconciler.core.notify.notices import Act, Notice, Opened, burst_head
from reconciler.core.notify.problems import Open
from reconciler.core.notify.text import Line, Message
from reconciler.core.ports.store import Threads
from reconciler.edges.slack.client import Address, Channel, SlackFailed
from reconciler.edges.slack.markup import read_line, render, render_list
from reconciler.edges.telemetry.logs import log

_T = TypeVar("_T")
_REMEDIES = {
    "invalid_auth": "check slack.token",
    "not_authed": "check slack.token",
    "token_revoked": "make a new token for slack.token",
    "token_expired": "make a new token for slack.token",
    "account_inactive": "make a new token for slack.token",
    "missing_scope": "give the app the scope chat:write",
    "channel_not_found": "check slack.channel, and invite the app to it",
    "not_in_channel": "invite the app to slack.channel",
    "is_archived": "slack.channel is archived: name another",
    "no_service": "check slack.webhook",
    "invalid_token": "check slack.webhook",
}


class Outcome(Enum):
    """The end of an attempt to deliver: sent, failed for now, or refused until a person changes something."""

    SENT = "sent"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Retries:
    """Limits of the attempts to send a message; the waits double from `first` to `longest`."""

    attempts: int = 8
    within: timedelta = timedelta(minutes=10)
    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(minutes=1)
    jitter: timedelta = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Posted:
    """A thread: its incident as last reported, the address of its first message, and the size of the burst that opened
    it.
    """

    problem: Open
    address: Address
    burst: int = 0


_POSTED, _LINE = TypeAdapter(Posted), TypeAdapter(Line)


class Delivery:
    """Knows the threads. Raises nothing: a failure is counted, and logged once until a delivery succeeds again."""

    def __init__(
        self,
        channel: Channel,
        threads: Threads,
        retries: Retries,
        *,
        count: Callable[[str], None],
        redact: Callable[[str], str],
    ) -> None:
        self._channel = channel
        self._threads = threads
        self._retries = retries
        self._count = count
        self._redact = redact
        self._posted: dict[str, Posted] = {}
        self._complaint: str | None = None

    async def remember(self) -> Opened:
        """Read the open threads. One that cannot be read is opened anew."""
        for name, value in (await self._threads.threads()).items():
            try:
                self._posted[name] = _read(value)
            except ValueError:
                log("thread_forgotten", level="warning", thread=name, why="it cannot be read")
        return {name: posted.problem for name, posted in self._posted.items()}

    def known(self, name: str) -> Open | None:
        """Return the incident as the channel knows it."""
        posted = self._posted.get(name)
        return posted.problem if posted else None

    async def deliver(self, notice: Notice) -> Outcome:
        """Deliver a notice."""
        return await self._tried(lambda: self._deliver_one(notice), 1)

    async def deliver_burst(self, opened: Sequence[Notice]) -> Outcome:
        """Open many incidents as one message, listed in its thread."""
        return await self._tried(lambda: self._deliver_burst(opened), len(opened))

    async def _tried(self, say: Callable[[], Awaitable[None]], notices: int) -> Outcome:
        failed = None
        try:
            await say()
        except SlackFailed as failure:
            failed = failure
        except Exception as surprise:  # a defect must not stop the delivery of other notices
            log("notification_crashed", level="error", traceback=traceback.format_exc())
            failed = SlackFailed(type(surprise).__name__, passing=False)
        for _ in range(notices):
            self._count("failed" if failed else "sent")
        if failed is None:
            self._complaint = None
            return Outcome.SENT
        if failed.code != self._complaint:
            self._complaint = failed.code
            otherwise = "none: it is tried again" if failed.passing else "see Slack's documentation"
            remedy = _REMEDIES.get(failed.code, otherwise)
            log("slack_failed", level="error", error=failed.code, remedy=remedy)
        return Outcome.FAILED if failed.passing else Outcome.REFUSED

    async def _deliver_one(self, notice: Notice) -> None:
        posted = self._posted.get(notice.problem.name)
        if posted is None:
            if notice.act is not Act.CLOSE:  # the end of an incident that was never reported is not reported
                await self._begin(notice)
            return
        if notice.act is Act.OPEN and posted.problem.said == notice.problem.said:
            return
        try:
            await self._continue(notice, posted)
        except SlackFailed as failure:
            if not failure.message_is_gone:
                raise
            await self._begin_anew(notice)

    async def _begin(self, notice: Notice) -> None:
        address = await self._post(notice.head or notice.text)
        await self._keep(Posted(notice.problem, address))

    async def _begin_anew(self, notice: Notice) -> None:
        if notice.act is Act.CLOSE:
            await self._drop(notice.problem.name)
        else:
            await self._begin(notice)

    async def _continue(self, notice: Notice, posted: Posted) -> None:
        """Edit the first message, then reply: an edit can be repeated without harm if the rest fails."""
        closes = notice.act is Act.CLOSE
        if posted.burst:
            still_open = sum(other.address == posted.address for other in self._posted.values()) - closes
            await self._edit(posted.address, burst_head(posted.burst, still_open))
        elif notice.head:
            await self._edit(posted.address, notice.head)
        alone = bool(posted.burst) or not self._channel.threaded
        await self._post(notice.head if closes and alone else notice.text or notice.head, below=posted.address)
        if closes:
            await self._drop(notice.problem.name)
        else:
            await self._keep(replace(posted, problem=notice.problem))

    async def _deliver_burst(self, opened: Sequence[Notice]) -> None:
        address = await self._post(burst_head(len(opened), len(opened)))
        for text in render_list([notice.head for notice in opened if notice.head]):
            await self._post_text(text, below=address)
        for notice in opened:
            await self._keep(Posted(notice.problem, address, len(opened)))

    async def _post(self, message: Message | None, *, below: Address | None = None) -> Address:
        return await self._post_text(render(message), below=below)

    async def _post_text(self, text: str, *, below: Address | None = None) -> Address:
        said = self._redact(text)
        return await self._retried(lambda: self._channel.post(said, below=below))

    async def _edit(self, address: Address, message: Message) -> None:
        """Edit a message. A workspace may forbid edits; the reply below says the same."""
        said = self._redact(render(message))
        try:
            await self._retried(lambda: self._channel.edit(address, said))
        except SlackFailed as failure:
            if failure.passing or failure.message_is_gone:
                raise
            log("slack_edit_refused", level="debug", error=failure.code)

    async def _retried(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """Call until it succeeds. Raises: SlackFailed, when further retries are useless."""
        async for attempt in stamina.retry_context(
            on=when_to_retry,
            attempts=self._retries.attempts,
            timeout=self._retries.within,
            wait_initial=self._retries.first,
            wait_max=self._retries.longest,
            wait_jitter=self._retries.jitter,
        ):
            with attempt:
                if attempt.num > 1:
                    self._count("retried")
                return await call()
        raise AssertionError("the last attempt returns or raises")

    async def _keep(self, posted: Posted) -> None:
        name = posted.problem.name
        self._posted[name] = posted
        await self._stored(name, self._threads.keep_thread(name, _POSTED.dump_json(posted).decode()))

    async def _drop(self, name: str) -> None:
        self._posted.pop(name, None)
        await self._stored(name, self._threads.drop_thread(name))

    async def _stored(self, name: str, write: Awaitable[None]) -> None:
        try:
            await write
        except Exception as error:  # any store: a restart loses the thread, but no message is lost
            log("thread_not_kept", level="warning", thread=name, error=f"{type(error).__name__}: {error}")


def _read(value: str) -> Posted:
    """Read a stored thread; version 0.1.0 stored its title as a text in Slack's markup. Raises: ValidationError."""
    document = from_json(value)
    problem = document.get("problem") if isinstance(document, dict) else None
    if isinstance(problem, dict) and isinstance(problem.get("title"), str):
        problem["title"] = _LINE.dump_python(read_line(problem["title"]), mode="json")
    return _POSTED.validate_python(document)


def when_to_retry(failure: Exception) -> bool | timedelta:
    """Return whether to retry, or after what delay: Slack may ask for one."""
    if not isinstance(failure, SlackFailed) or not failure.passing:
        return False
    return True if failure.retry_after is None else failure.retry_after
