"""Text for a line of output: what controls a terminal, hides or reorders text, or ends the line is written out.

The characters: C0, DEL and C1 controls (U+009B starts a terminal's sequence like ESC does), the line and paragraph
separators, the controls of Unicode's bidirectional algorithm (UAX #9, table 1), and surrogates, which are no text.
GitHub's runner reads commands from a job's output: `::` at the beginning of a line, after spaces, and `##[` anywhere in
it (`ActionCommand.TryParseV2` and `TryParse` in github.com/actions/runner).
"""

import re
import unicodedata

_HIDDEN = "\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_OF_LINE = re.compile(f"[\u0000-\u001f{_HIDDEN}]")
_OF_JSON = re.compile(f"[{_HIDDEN}]")
# In names and reasons also what has no width or is no character: no text shows as another one (Unicode Technical Report
# 36, sections 2.5 and 3). This is the pattern of a JSON Schema too, which knows no halves of surrogate pairs.
_UNSEEN = "\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
PLAIN = f"^[^ {_UNSEEN}\U000e0000-\U000e007f][^{_UNSEEN}\U000e0000-\U000e007f]*$"
_PLAIN = re.compile(PLAIN)
_NO_TEXT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_COMMAND = re.compile(r"^(\s*):(?=:)")


def one_line(text: str) -> str:
    """Return text that is one line, shown as it is, and no command of a runner."""
    written = _OF_LINE.sub(_write, text)
    return _COMMAND.sub(r"\1\\x3a", written).replace("##[", "#\\x23[")


def json_text(document: str) -> str:
    """Return a JSON document that means the same, with such characters as escapes. Line breaks between values stay."""
    return _OF_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", document).replace("##[", "#\\u0023[")


def is_plain(text: str) -> bool:
    """Return whether a name or reason is one line that shows all that it contains."""
    return _PLAIN.fullmatch(text) is not None and not any("\ud800" <= one <= "\udfff" for one in text)


def plainly(text: str, longest: int) -> str:
    """Return a text from outside as one line of at most so many characters, all of them seen."""
    shown = "".join(_write_unseen(one) for one in text[: longest + 1])
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def _write_unseen(character: str) -> str:
    return ascii(character)[1:-1] if unicodedata.category(character) in _NO_TEXT else character


def _write(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
