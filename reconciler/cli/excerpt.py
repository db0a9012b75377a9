"""Excerpts of files for the terminal: the line of a problem, with carets under what it is about."""

import re
from typing import Final

from rich.cells import cell_len

from reconciler.cli.output import clean

_WIDEST: Final = 100
_BEFORE: Final = 40
_SPAN: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s,:\[\]{}]+|.")


def excerpt(content: bytes, line: int, column: int) -> list[str]:
    """Return the line at a place, and carets below its word; nothing if the content has no such place."""
    lines = content.decode("utf-8", errors="replace").removeprefix("\ufeff").splitlines()
    if not 0 < line <= len(lines):
        return []
    text, start = lines[line - 1], min(max(column - 1, 0), len(lines[line - 1]))
    found = _SPAN.match(text, start)
    end = found.end() if found else start
    first = start - _BEFORE if len(text) > _WIDEST and start > _BEFORE else 0
    before, marked, after = text[first:start], text[start:end], text[end : first + _WIDEST]
    margin = f"{line:>6} | "
    shown = "…" * bool(first) + clean(before), clean(marked)
    width = max(1, min(cell_len(shown[1]), _WIDEST))
    return [
        (margin + shown[0] + shown[1] + clean(after)).rstrip(),
        " " * (len(margin) - 2) + "| " + " " * cell_len(shown[0]) + "^" * width,
    ]
