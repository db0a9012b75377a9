"""Text for a line of output: what controls a terminal, hides or reorders text, or ends the line is written out.

The characters: C0, DEL and C1 controls (U+009B starts a terminal's sequence like ESC does), the line and paragraph
separators, the controls of Unicode's bidirectional algorithm (UAX #9, table 1), and surrogates, which are no text.
GitHub's runner reads commands from a job's output: `::` at the beginning of a line, after spaces, and `##[` anywhere in
it (`ActionCommand.TryParseV2` and `TryParse` in github.com/actions/runner).
"""

import re

_HIDDEN = "\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_OF_LINE = re.compile(f"[\u0000-\u001f{_HIDDEN}]")
_OF_JSON = re.compile(f"[{_HIDDEN}]")
_COMMAND = re.compile(r"^(\s*):(?=:)")


def one_line(text: str) -> str:
    """Return text that is one line, shown as it is, and no command of a runner."""
    written = _OF_LINE.sub(_write, text)
    return _COMMAND.sub(r"\1\\x3a", written).replace("##[", "#\\x23[")


def json_text(document: str) -> str:
    """Return a JSON document that means the same, with such characters as escapes. Line breaks between values stay."""
    return _OF_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", document).replace("##[", "#\\u0023[")


def _write(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
