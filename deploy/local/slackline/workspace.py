"""A Slack workspace in memory: channels, messages with their threads, received calls and pending faults.

Answers and error codes are those of https://docs.slack.dev/reference/methods/chat.postMessage and `chat.update`.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

TOKEN = "xoxb-1000000000-slackline"
CHANNEL = "#deployments"
CHANNELS = {"deployments": "C0DEPLOYS00", "elsewhere": "C0ELSEWHERE"}
WEBHOOK_PATH = "/services/T0SLACKLINE/B0SLACKLINE/slackline-webhook"
WEBHOOK_CHANNEL = "C0DEPLOYS00"
LONGEST_TEXT = 40_000


class Refused(Exception):
    """Slack refuses a call; the message is Slack's error code."""


@dataclass(slots=True)
class Message:
    """A message in its current form; `edits` counts its changes."""

    channel: str
    ts: str
    text: str
    thread_ts: str | None = None
    blocks: Any = None
    edits: int = 0
    unfurl_links: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """One received call: its number in order of arrival, arguments, and answer (`ok`, an error code or a fault)."""

    number: int
    at: float
    method: str
    answer: str
    channel: str = ""
    ts: str = ""
    thread_ts: str | None = None
    text: str = ""
    blocks: Any = None


@dataclass(slots=True)
class Fault:
    """A fault that the next `times` calls of `method` (None: any) meet.

    `kind`: error (`ok: false` with `error`), rate_limit (429, Retry-After `seconds`), unavailable (`status`, no JSON),
    garbled (200, no JSON), slow (answers after `seconds`), hang (no answer; the connection closes after `seconds`).
    """

    kind: str
    method: str | None = None
    times: int = 1
    seconds: float = 0.0
    status: int = 503
    error: str = "internal_error"


FAULTS = frozenset({"error", "rate_limit", "unavailable", "garbled", "slow", "hang"})


@dataclass(slots=True)
class Workspace:
    """Messages, received calls and pending faults."""

    token: str = TOKEN
    messages: list[Message] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def post(self, arguments: Mapping[str, Any]) -> Message:
        """Handle `chat.postMessage`. Raises: Refused."""
        channel = self._channel(str(arguments.get("channel") or ""))
        text, thread = str(arguments.get("text") or ""), arguments.get("thread_ts")
        self._check(text, arguments.get("blocks"))
        if thread and self._find(channel, str(thread)) is None:
            raise Refused("thread_not_found")
        ts = f"{int(time.time())}.{next(self._numbers):06d}"
        unfurl = bool(arguments.get("unfurl_links", True))
        message = Message(channel, ts, text, str(thread) if thread else None, arguments.get("blocks"), 0, unfurl)
        self.messages.append(message)
        return message

    def update(self, arguments: Mapping[str, Any]) -> Message:
        """Handle `chat.update`, which accepts channels by id only. Raises: Refused."""
        channel = str(arguments.get("channel") or "")
        if channel not in CHANNELS.values():
            raise Refused("channel_not_found")
        message = self._find(channel, str(arguments.get("ts") or ""))
        if message is None:
            raise Refused("message_not_found")
        text = str(arguments.get("text") or "")
        self._check(text, arguments.get("blocks"))
        message.text, message.blocks, message.edits = text, arguments.get("blocks"), message.edits + 1
        return message

    def delete(self, ts: str) -> None:
        """Delete a message, as a member of the channel would."""
        self.messages[:] = [message for message in self.messages if message.ts != ts]

    def note(self, method: str, answer: str, arguments: Mapping[str, Any], ts: str = "") -> None:
        """Record a call with its answer."""
        self.calls.append(
            Call(
                number=len(self.calls) + 1,
                at=time.time(),
                method=method,
                answer=answer,
                channel=str(arguments.get("channel") or ""),
                ts=ts or str(arguments.get("ts") or ""),
                thread_ts=arguments.get("thread_ts"),
                text=str(arguments.get("text") or ""),
                blocks=arguments.get("blocks"),
            )
        )

    def take_fault(self, method: str) -> Fault | None:
        """Use up and return the first fault that applies to a call of this method; None without one."""
        fault = next((one for one in self.faults if one.times > 0 and one.method in {None, method}), None)
        if fault:
            fault.times -= 1
        return fault

    def transcript(self) -> list[dict[str, Any]]:
        """Return every call, oldest first."""
        return [asdict(call) for call in self.calls]

    def threads(self) -> list[dict[str, Any]]:
        """Return the threads as the channel shows them: each first message in its current form, with its replies."""
        heads = [message for message in self.messages if message.thread_ts is None]
        return [
            asdict(head) | {"replies": [asdict(reply) for reply in self.messages if reply.thread_ts == head.ts]}
            for head in heads
        ]

    def reset(self) -> None:
        """Delete all messages, calls and faults."""
        for items in (self.messages, self.calls, self.faults):
            items.clear()

    def _channel(self, name: str) -> str:
        if name in CHANNELS.values():
            return name
        try:
            return CHANNELS[name.removeprefix("#")]
        except KeyError:
            raise Refused("channel_not_found") from None

    def _find(self, channel: str, ts: str) -> Message | None:
        return next((one for one in self.messages if (one.channel, one.ts) == (channel, ts)), None)

    def _check(self, text: str, blocks: Any) -> None:
        if not text and not blocks:
            raise Refused("no_text")
        if len(text) > LONGEST_TEXT:
            raise Refused("msg_too_long")
