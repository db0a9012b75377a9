"""Sections for the daemon's API, notifications, reports, audit, logs and shutdown.

Each field's description is the sentence that `docs/configuration.md` prints for it.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from reconciler.config.values import (
    Duration,
    EnvironmentName,
    HostName,
    Origin,
    SecretUrl,
    Section,
    Text,
    WebUrl,
    read_duration,
)
from reconciler.core.access.loopback import is_loopback


class Tls(Section):
    """Certificate of the API over TCP."""

    certificate: Path | None = Field(
        None,
        description="PEM file with the certificate and its chain, read again when it changes; null serves plain HTTP",
    )
    key: Path | None = Field(None, description="PEM file with the key of the certificate, without a password")

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together: set both, or none of them")
        return self


class Http(Section):
    """Listening addresses of the API: TCP and the unix socket."""

    host: Text = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 exposes the API to the network")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 lets the system choose a free one")
    socket: Path = Field(
        Path("{data}/reconciler.sock"),
        description="Unix socket that the command line connects to; mode 0600, or 0666 with `auth.socket`",
    )
    hosts: tuple[HostName, ...] = Field(
        (), description="Names under which the daemon is served; requests for other names are refused with 421"
    )
    origins: tuple[Origin, ...] = Field(
        (), description="Origins of other web pages that may act, such as https://deploy.example.org"
    )
    open: tuple[Literal["metrics", "readyz"], ...] = Field(
        (), description="Pages that need no role beyond loopback: metrics, readyz. `/healthz` never needs one"
    )
    tls: Tls = Tls()

    @property
    def is_public(self) -> bool:
        """Return whether others than this machine may reach the API: it listens beyond loopback, or has a name."""
        return bool(self.hosts) or not is_loopback(self.host)


class Redaction(Section):
    """Key of the hashes that replace secrets in plans, logs and answers."""

    key: SecretStr | None = Field(
        None,
        min_length=16,
        description="Key of the hashes that replace secrets; null creates one in the data folder",
    )


class Slack(Section):
    """Slack notifications. Without a token and a webhook they are switched off."""

    token: SecretStr | None = Field(
        None, min_length=8, description="Bot token (`xoxb-…`) with the scope `chat:write`; messages become threads"
    )
    channel: Text | None = Field(None, description="The bot's channel, by name or id; the app must be a member of it")
    webhook: SecretUrl | None = Field(
        None, description="URL of an incoming webhook, instead of a token; a webhook has no threads"
    )
    api_url: WebUrl = Field("https://slack.com/api/", description="Base URL of Slack's Web API")
    environments: tuple[EnvironmentName, ...] | None = Field(
        None, description="Notify about these environments only; null means all"
    )
    reminders: bool = Field(
        True, description="Remind in the thread of an open incident after one hour, after four hours, then daily"
    )
    group_wait: Duration = Field(
        read_duration("30s"),
        description="How long to collect new incidents before sending; more than five become one message",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.token and self.webhook:
            raise ValueError("token and webhook exclude each other: set token to get threads, or webhook without them")
        if self.token and not self.channel:
            raise ValueError("token needs a channel to post to: set channel")
        if self.webhook and self.channel:
            raise ValueError("webhook already belongs to a channel: remove channel")
        return self


class ReportSettings(Section):
    """Storage of drift reports on disk."""

    path: Path = Field(
        Path("{data}/reports"),
        description="Folder for drift reports, one subfolder per instance; not used with store.bucket",
    )


def _a_day(value: timedelta) -> timedelta:
    if value < timedelta(days=1):
        raise ValueError("must be at least 1d")
    return value


class AuditSettings(Section):
    """Audit of what people did, in the store of the records."""

    retention: Annotated[Duration, AfterValidator(_a_day)] = Field(
        read_duration("365d"), description="How long entries of the audit are kept, from 1d to 366d"
    )


class Logs(Section):
    """Level and format of the daemon's log."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="debug, info, warning or error")
    format: Literal["auto", "json", "console"] = Field(
        "auto", description="json, console, or auto: console on a terminal, otherwise json"
    )


class Stop(Section):
    """Time limits of a shutdown after SIGTERM."""

    drain: Duration = Field(read_duration("90s"), description="How long running applies may continue")
    grace: Duration = Field(
        read_duration("20s"), description="How long an interrupted Terraform may take to save its state"
    )
