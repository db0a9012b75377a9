"""Factory of the Slack notifications, from the settings."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from reconciler.config.models import Settings
from reconciler.core.ports.store import Threads
from reconciler.edges.slack.client import Channel, bot, webhook
from reconciler.edges.slack.notifications import Manner, Notifications, Sources


def notifications(
    settings: Settings,
    threads: Threads,
    sources: Sources,
    *,
    count: Callable[[str], None],
    redact: Callable[[str], str],
) -> Notifications | None:
    """Return the Slack notifications; None without a token or webhook. `count` receives the result of each message."""
    channel, slack = _channel(settings), settings.slack
    if channel is None:
        return None
    manner = Manner(
        environments=None if slack.environments is None else frozenset(slack.environments),
        reminders=slack.reminders,
        group_wait=slack.group_wait,
    )
    return Notifications(channel, threads, sources, count=count, redact=redact, manner=manner)


def _channel(settings: Settings) -> AbstractAsyncContextManager[Channel] | None:
    slack = settings.slack
    if slack.token and slack.channel:
        return bot(token=slack.token.get_secret_value(), channel=slack.channel, api_url=slack.api_url)
    return webhook(slack.webhook.get_secret_value()) if slack.webhook else None
