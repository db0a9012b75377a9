"""Whom to tell, built from the settings."""

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
    """Those who tell; None where nobody is to be told."""
    line, slack = _line(settings), settings.slack
    if line is None:
        return None
    manner = Manner(
        environments=None if slack.environments is None else frozenset(slack.environments),
        reminders=slack.reminders,
        group_wait=slack.group_wait,
    )
    return Notifications(line, threads, sources, count=count, redact=redact, manner=manner)


def _line(settings: Settings) -> AbstractAsyncContextManager[Channel] | None:
    slack = settings.slack
    if slack.token and slack.channel:
        return bot(token=slack.token.get_secret_value(), channel=slack.channel, api_url=slack.api_url)
    return webhook(slack.webhook.get_secret_value()) if slack.webhook else None
