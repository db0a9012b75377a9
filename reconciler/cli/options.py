"""Options that several commands share, and what they lead to."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from reconciler.cli.client import Daemon
from reconciler.cli.outcome import CommandFailed, Exit

if TYPE_CHECKING:
    from desired_state.instance import Key
    from reconciler.config.models import Settings

Output = Annotated[
    Literal["table", "json"], Parameter(name=["--output", "-o"], help="A table for people, or JSON for scripts.")
]
KeyText = Annotated[str, Parameter(name="KEY", help="An instance: ENVIRONMENT/NAME, such as develop/orders.")]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Configured:
    """Commands that read the configuration."""

    config: Annotated[
        Path | None,
        Parameter(
            name="--config",
            help="The configuration file; else $RECONCILER_CONFIG, else ./reconciler.yaml if it is there.",
        ),
    ] = None

    def settings(self) -> "Settings":
        """The settings. Raises: ConfigFailed."""
        from reconciler.config.load import load

        return load(self.config)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Connected(Configured):
    """Commands that talk to the daemon."""

    url: Annotated[
        str | None,
        Parameter(
            name="--url",
            env_var="RECONCILER_URL",
            help="Where the daemon's API is; by default its unix socket. The token is read from $RECONCILER_TOKEN.",
        ),
    ] = None

    def daemon(self) -> Daemon:
        """A client of the daemon; nothing is sent yet."""
        if self.url:
            return Daemon.at_url(self.url, token=os.environ.get("RECONCILER_TOKEN"))
        return Daemon.at_socket(self.settings().http.socket)


CONFIGURED = Configured()
CONNECTED = Connected()


def read_key(text: str) -> "Key":
    """An instance's key as a person writes it."""
    from desired_state.instance import Key

    try:
        return Key.parse(text)
    except ValueError as error:
        raise CommandFailed(str(error), code=Exit.INVALID) from None
