"""Names and reasons of people: one line of characters that a reader sees.

Refused are the general categories Cc, Cf, Cs, Co, Cn, Zl and Zp of the Unicode Character Database: control characters
and line breaks, the marks that turn the direction of a text (U+202A to U+202E, U+2066 to U+2069) and characters of no
width, so that no text shows as another one (Unicode Technical Report 36, sections 2.5 and 3).
"""

import unicodedata

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def is_plain(text: str) -> bool:
    """Return whether a text is one line that shows all that it contains, and not blank."""
    return bool(text.strip()) and not any(map(_is_unseen, text))


def escaped(text: str, longest: int) -> str:
    """Return a text from outside for a log or a table: unseen characters as `\\u202e`, cut at the end."""
    shown = "".join(ascii(one)[1:-1] if _is_unseen(one) else one for one in text[: longest + 1])
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN
