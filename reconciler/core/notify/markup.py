"""Slack's markup: everything that comes from elsewhere is escaped, shortened and kept on one line.

Only names are ever formatted here: keys, reasons, addresses, attribute names, counts, ages. The three characters and
the order of their escapes: https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

import re
from collections.abc import Sequence

MOST_LISTED = 10
_LONGEST = 160
_UNSEEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


def escape(text: str) -> str:
    """The text on one line, as it is to be read: no mention, no link, no way to break out of its place."""
    line = _UNSEEN.sub(" ", text).strip()
    line = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str) -> str:
    """The text in a code span; a backtick, which would end it, becomes an apostrophe."""
    return f"`{escape(text).replace('`', chr(39))}`"


def bullets(items: Sequence[str], *, most: int = MOST_LISTED) -> tuple[str, ...]:
    """The first items as a list, and how many more there are."""
    more = (f"… and {len(items) - most} more",) if len(items) > most else ()
    return (*(f"• {item}" for item in items[:most]), *more)
