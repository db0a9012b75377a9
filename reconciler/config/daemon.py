"""Sections that say how the daemon meets people and its host: the API, secrets, logs, the stop.

Every field's description is the sentence that `docs/operations.md` prints for it.
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from reconciler.config.values import (
    Duration,
    EnvironmentName,
    SecretUrl,
    Section,
    Text,
    WebUrl,
    read_duration,
)


class Http(Section):
    """Where the API listens."""

    host: Text = Field("127.0.0.1", description="The address; 0.0.0.0 opens it to the network")
    port: int = Field(8080, ge=0, le=65535, description="The port; 0 lets the system choose one")
    socket: Path = Field(
        Path("{data}/reconciler.sock"), description="The unix socket (mode 0600) that the command line uses"
    )


class Auth(Section):
    """Who may act over TCP. The unix socket needs no token: its file mode is the proof."""

    token: SecretStr | None = Field(
        None, min_length=16, description="Bearer token for POST over TCP, 16 characters or more; null refuses them all"
    )


class Redaction(Section):
    """How secrets are hidden."""

    key: SecretStr | None = Field(
        None, min_length=16, description="Key of the hashes that stand for secrets; null makes one in the data folder"
    )


class Slack(Section):
    """Whom to tell in Slack. Without a token and a webhook nobody is told."""

    token: SecretStr | None = Field(
        None, min_length=8, description="Bot token (`xoxb-…`) with the scope `chat:write`; it makes threads"
    )
    channel: Text | None = Field(None, description="The bot's channel, by name or id; the app must be a member of it")
    webhook: SecretUrl | None = Field(
        None, description="The URL of an incoming webhook instead of a token; it has no threads"
    )
    api_url: WebUrl = Field("https://slack.com/api/", description="Where Slack's Web API is")
    environments: tuple[EnvironmentName, ...] | None = Field(
        None, description="Tell of these environments only; null tells of all"
    )
    reminders: bool = Field(True, description="Remind in the thread after an hour, four hours, and each day")
    group_wait: Duration = Field(
        read_duration("30s"), description="How long new problems wait for others; more than five become one message"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.token and self.webhook:
            raise ValueError("token and webhook exclude each other: a token has threads, a webhook has not")
        if self.token and not self.channel:
            raise ValueError("token needs a channel to write to")
        if self.webhook and self.channel:
            raise ValueError("webhook has a channel of its own: leave channel out")
        return self


class ReportSettings(Section):
    """Where drift reports are kept."""

    path: Path = Field(
        Path("{data}/reports"),
        description="The folder for drift reports, a folder per instance; not used with store.bucket",
    )


class Logs(Section):
    """What the daemon says of itself."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="debug, info, warning or error")
    format: Literal["auto", "json", "console"] = Field("auto", description="auto: console on a terminal, else json")


class Stop(Section):
    """What SIGTERM waits for."""

    drain: Duration = Field(read_duration("90s"), description="How long running applies may go on")
    grace: Duration = Field(read_duration("20s"), description="How long an interrupted terraform has to save its state")
