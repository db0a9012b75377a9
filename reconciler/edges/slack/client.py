"""Slack over its Web API with a bot token, which has threads and edits, or over an incoming webhook, which has neither.

Every failure is one exception that says whether a retry can help. The SDK's traps stay here: it takes a proxy from the
environment without regard to NO_PROXY, makes a session for each call unless it is given one, and lets the errors of
aiohttp through.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

API_URL = "https://slack.com/api/"
LONGEST_RETRY_AFTER = timedelta(minutes=5)
_ANSWERS_WITHIN = timedelta(seconds=15)
_BROKEN = (SlackClientError, aiohttp.ClientError, OSError, ValueError, AttributeError)  # a TimeoutError is an OSError
# Failures of Slack itself, reported with status 200.
_PASSING = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"})
_GONE = frozenset({"thread_not_found", "message_not_found"})


class SlackFailed(Exception):
    """A message was not delivered. `code` is Slack's error code, an HTTP status, or the name of an exception."""

    def __init__(self, code: str, *, passing: bool, retry_after: timedelta | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.passing = passing
        self.retry_after = retry_after

    @property
    def message_is_gone(self) -> bool:
        """Return whether the message that this call referred to was deleted."""
        return self.code in _GONE


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a message. A webhook does not tell it: then both are empty."""

    channel: str = ""
    ts: str = ""


class Channel(Protocol):
    """A channel that takes messages. Raises: SlackFailed."""

    threaded: bool

    async def post(self, text: str, *, below: Address | None = None) -> Address:
        """Post a message, in the thread of another one where that is possible. Returns its address."""
        ...

    async def edit(self, address: Address, text: str) -> None:
        """Replace the text of a message."""
        ...


class Bot:
    """Posts with a bot token (scope `chat:write`), as a member of the channel."""

    threaded = True

    def __init__(self, client: AsyncWebClient, channel: str) -> None:
        self._client = client
        self._channel = channel

    async def post(self, text: str, *, below: Address | None = None) -> Address:
        """Post a message. Raises: SlackFailed."""
        answer = await _asked(
            self._client.chat_postMessage(
                channel=below.channel if below else self._channel,
                thread_ts=below.ts if below else None,
                text=text,
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        return Address(str(answer["channel"]), str(answer["ts"]))

    async def edit(self, address: Address, text: str) -> None:
        """Replace the text of a message. Raises: SlackFailed."""
        await _asked(self._client.chat_update(channel=address.channel, ts=address.ts, text=text))


class Webhook:
    """Posts through an incoming webhook: each message stands alone."""

    threaded = False

    def __init__(self, client: AsyncWebhookClient) -> None:
        self._client = client

    async def post(self, text: str, *, below: Address | None = None) -> Address:
        """Post a message. Raises: SlackFailed."""
        answer = await _asked(self._client.send(text=text, unfurl_links=False, unfurl_media=False))
        if answer.status_code != 200:
            code = answer.body if 400 <= answer.status_code < 429 and len(answer.body) < 60 else ""
            raise _refused(answer.status_code, code, answer.headers)
        return Address()

    async def edit(self, address: Address, text: str) -> None:
        """Accept that an edit is not possible: the message stays as it was."""


@asynccontextmanager
async def bot(*, token: str, channel: str, api_url: str = API_URL) -> AsyncIterator[Channel]:
    """Open a bot for the length of a block."""
    async with _session() as session:
        base = f"{api_url.rstrip('/')}/"
        client = AsyncWebClient(token, base_url=base, session=session, retry_handlers=[], logger=_quiet())
        client.proxy = None
        yield Bot(client, channel)


@asynccontextmanager
async def webhook(url: str) -> AsyncIterator[Channel]:
    """Open a webhook for the length of a block."""
    async with _session() as session:
        client = AsyncWebhookClient(url, session=session, retry_handlers=[], logger=_quiet())
        client.proxy = None
        yield Webhook(client)


def _session() -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(total=_ANSWERS_WITHIN.total_seconds())
    return aiohttp.ClientSession(timeout=timeout, trust_env=True)


def _quiet() -> logging.Logger:
    """Return a logger without debug lines: the SDK logs texts, addresses and headers at that level."""
    logger = logging.getLogger("slack_sdk")
    logger.setLevel(logging.WARNING)
    return logger


async def _asked(call: Any) -> Any:
    """Return the SDK's answer to a call. Raises: SlackFailed."""
    try:
        return await call
    except SlackApiError as error:
        raise _of_answer(error.response) from None
    except _BROKEN as error:
        raise SlackFailed(type(error).__name__, passing=True) from None


def _of_answer(answer: Any) -> SlackFailed:
    data = getattr(answer, "data", None)
    if not isinstance(data, dict):  # no JSON: aiohttp's own answer
        return SlackFailed("no JSON", passing=True)
    return _refused(answer.status_code, str(data.get("error") or ""), answer.headers)


def _refused(status: int, code: str, headers: Any) -> SlackFailed:
    if status == 429:
        return SlackFailed("ratelimited", passing=True, retry_after=_retry_after(headers))
    return SlackFailed(code or f"status {status}", passing=status >= 500 or code in _PASSING)


def _retry_after(headers: Any) -> timedelta:
    """Return the delay that Slack asks for, within reason."""
    said = str(headers.get("Retry-After") or "1")
    seconds = float(said) if said.replace(".", "", 1).isdigit() else 1.0
    return min(timedelta(seconds=min(seconds, 86400.0)), LONGEST_RETRY_AFTER)
