"""Options that several commands share, and the settings, client and key that they resolve to."""

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
    Literal["table", "json"], Parameter(name=["--output", "-o"], help="A table for reading, or JSON for scripts.")
]
Findings = Annotated[
    Literal["table", "json", "sarif"],
    Parameter(name=["--output", "-o"], help="Lines for reading, JSON for scripts, or SARIF for a code host."),
]
Why = Annotated[
    str | None, Parameter(name="--reason", help="Why: a line of at most 200 characters, kept in the audit.")
]
KeyText = Annotated[str, Parameter(name="KEY", help="An instance: ENVIRONMENT/NAME, such as develop/orders.")]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Configured:
    """Option of commands that read the configuration."""

    config: Annotated[
        Path | None,
        Parameter(
            name="--config",
            help="Configuration file; else $RECONCILER_CONFIG. A file that is not named is not read.",
        ),
    ] = None

    def settings(self) -> "Settings":
        """Load the settings. Raises: ConfigFailed."""
        from reconciler.config.load import load

        return load(self.config)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Connected(Configured):
    """Options of commands that talk to the daemon."""

    url: Annotated[
        str | None,
        Parameter(
            name="--url",
            env_var="RECONCILER_URL",
            help="URL of the daemon's API; without it, its unix socket. The token is read from $RECONCILER_TOKEN.",
        ),
    ] = None
    insecure: Annotated[
        bool,
        Parameter(name="--insecure", negative=(), help="Send the token over plain HTTP too, where others can read it."),
    ] = False

    def daemon(self) -> Daemon:
        """Return a client of the daemon, without connecting. Raises: ConfigFailed, CommandFailed."""
        if self.url:
            return Daemon.at_url(self.url, token=os.environ.get("RECONCILER_TOKEN"), insecure=self.insecure)
        return Daemon.at_socket(self.settings().http.socket)


CONFIGURED = Configured()
CONNECTED = Connected()


def read_key(text: str) -> "Key":
    """Parse a key such as `develop/orders`. Raises: CommandFailed."""
    from desired_state.instance import Key

    try:
        return Key.parse(text)
    except ValueError as error:
        raise CommandFailed(str(error), code=Exit.INVALID) from None
