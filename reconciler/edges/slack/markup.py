"""Render messages in Slack's markup, and read lines that an earlier version stored in it.

Every span is escaped: no mention, no link, no way to break out of its place. The three characters and the order of
their escapes: https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

import re
from collections.abc import Mapping, Sequence

from reconciler.core.notify.text import Line, Message, Sign, Span, Style, line

_SIGNS: Mapping[Sign | None, str] = {
    Sign.PROBLEM: ":red_circle: ",
    Sign.DECISION: ":large_blue_circle: ",
    Sign.RESOLVED: ":white_check_mark: ",
    Sign.REMINDER: ":bell: ",
    None: "",
}
_PER_MESSAGE = 10  # each may have a dozen lines, and Slack takes 40,000 characters
_STYLED = re.compile(r"\*([^*`]+)\*|`([^`]+)`")


def render(message: Message | None) -> str:
    """Render a message; none is the empty text."""
    if message is None:
        return ""
    return "\n".join((f"{_SIGNS[message.sign]}{render_line(message.title)}", *map(render_line, message.details)))


def render_line(text: Line) -> str:
    """Render one line."""
    return ("• " if text.bullet else "") + "".join(map(_span, text.spans))


def render_list(messages: Sequence[Message]) -> tuple[str, ...]:
    """Render many messages as few posts, each of a size that can be read."""
    chunks = (messages[start : start + _PER_MESSAGE] for start in range(0, len(messages), _PER_MESSAGE))
    return tuple("\n\n".join(map(render, chunk)) for chunk in chunks)


def read_line(text: str) -> Line:
    """Read a line that `render_line` wrote: version 0.1.0 stored titles so."""
    spans: list[Span] = []
    end = 0
    for found in _STYLED.finditer(text):
        styled = Span(_plain(found[1]), Style.NAME) if found[1] else Span(_plain(found[2]), Style.CODE)
        spans += [Span(_plain(text[end : found.start()])), styled]
        end = found.end()
    return line(*spans, Span(_plain(text[end:])))


def escape(text: str) -> str:
    """Escape what Slack would read as markup of its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _span(span: Span) -> str:
    match span.style:
        case Style.NAME:
            return f"*{escape(span.text)}*"
        case Style.CODE:  # a backtick would end the code span
            return f"`{escape(span.text).replace('`', chr(39))}`"
        case Style.PLAIN:
            return escape(span.text)


def _plain(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
