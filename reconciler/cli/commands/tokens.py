"""Commands for tokens of people: token create."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated

from cyclopts import App, Group, Parameter

from reconciler.cli.options import Output
from reconciler.cli.outcome import CommandFailed, Exit
from reconciler.cli.output import print_json, print_line

_PREFIX = "reconciler_"  # so that scanners for secrets can tell what was found
_RANDOM_BYTES = 32
_LONGEST_DAYS = 366


def create(
    person: Annotated[str, Parameter(name="PERSON", help="A name in auth.people.")],
    /,
    *,
    days: Annotated[int, Parameter(help="Days until it expires, at most 366.")] = 90,
    output: Output = "table",
) -> None:
    """Create a token for a person. It is printed once and stored nowhere: the configuration gets its hash.

    Example: `reconciler token create ann`
    """
    from pydantic import TypeAdapter, ValidationError

    from reconciler.config.values import PersonName
    from reconciler.core.access.people import fingerprint

    try:
        TypeAdapter(PersonName).validate_python(person)
    except ValidationError as error:
        message = str(error.errors()[0]["ctx"]["error"])
        raise CommandFailed(f"{person!r} {message}", code=Exit.INVALID) from None
    if not 1 <= days <= _LONGEST_DAYS:
        raise CommandFailed(f"--days must be from 1 to {_LONGEST_DAYS}", code=Exit.INVALID)
    token = _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    expires = (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
    entry = {"person": person, "sha256": fingerprint(token), "expires": expires}
    if output == "json":
        print_json({"token": token, "id": f"{person}-{expires}", **entry})
        return
    print_line(f"The token, shown only now: {token}")
    print_line("Its line for auth.tokens of the configuration:")
    print_line(f'  {person}-{expires}: {{person: {person}, sha256: "{entry["sha256"]}", expires: "{expires}"}}')


def build(group: Group) -> App:
    """Build the command `token` with its subcommands."""
    app = App(name="token", help="Create tokens with which people reach the daemon over TCP.", group=group)
    app.command(create)
    return app
