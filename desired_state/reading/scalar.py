"""The meaning of plain (unquoted) YAML scalars.

They are read by the core schema of YAML 1.2, and rejected if a YAML 1.1 parser would read another value: many common
tools still use 1.1, and an ambiguous manifest must not reach AWS. A rejected scalar still carries its most likely
value, so that the rest of the file is checked, and both spellings that could be meant.
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = bool | int | float | str | None

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_OLD_BOOL = {
    spelling: word in {"y", "yes", "on"}
    for word in ("y", "n", "yes", "no", "on", "off")
    for spelling in (word, word.capitalize(), word.upper())
}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
# YAML 1.1 reads a float only with a point, and an exponent only with a sign: 7654e32 is text there.
_FLOAT_OF_BOTH = re.compile(r"(?:[-+]?[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_OLD_NUMBER = re.compile(
    r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*_[0-9_]*|(?:[0-9][0-9_]*)?\.[0-9_]*_[0-9_]*(?:[eE][-+][0-9]+)?)"
    r"|[-+]?[0-9][0-9_]*_[0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?"
)
_LONGEST_NUMBER = 64
_LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Doubt:
    """A rejected spelling. `plain` is the value other than text that may be meant, None if there is none."""

    text: str
    fault: str
    plain: bool | int | float | None = None

    @property
    def message(self) -> str:
        """Return the message for a place where any value may stand."""
        if self.plain is None:
            return f"{self.fault}: quote it if it is text"
        return f"{self.fault}: write {self._plain}, or quote it"

    @property
    def if_text(self) -> str:
        """Return the message for a place where only text may stand."""
        return f'{self.fault}: write "{self.text}"' if len(self.text) <= _LONGEST_NUMBER else self.message

    @property
    def if_plain(self) -> str:
        """Return the message for a place where no text may stand."""
        return f"{self.fault}: write {self._plain}"

    @property
    def _plain(self) -> str:
        if isinstance(self.plain, bool):
            return str(self.plain).lower()
        return re.sub(r"^(-?[0-9]+)e", r"\1.0e", repr(self.plain))


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value, and the doubt about its spelling if that is rejected."""

    value: Value
    doubt: Doubt | None = None

    def is_respelt(self, text: str) -> bool:
        """Return whether the text of a number or boolean is another than the one that it would be written as."""
        if isinstance(self.value, bool):
            return text not in ("true", "false")
        return isinstance(self.value, int | float) and text != str(self.value)


def resolve(text: str) -> Scalar:
    """Read a plain scalar by the core schema."""
    if text in _NULL:
        return Scalar(None)
    if text in _BOOL:
        return Scalar(_BOOL[text])
    if text in _OLD_BOOL:
        return _doubtful(text, f"{text} is ambiguous (a boolean or text)", _OLD_BOOL[text])
    if text[0] not in "+-.0123456789":
        return Scalar(text)
    return _number(text)


def _number(text: str) -> Scalar:
    if ":" in text or "_" in text:
        return _old_number(text)
    if _DECIMAL.fullmatch(text) and len(text) <= _LONGEST_NUMBER:
        return _decimal(text)
    if _HEX.fullmatch(text) and len(text) <= _LONGEST_NUMBER:
        return _bounded(text, int(text, 0))
    if _OCTAL.fullmatch(text) and len(text) <= _LONGEST_NUMBER:
        return _doubtful(text, f"{text} is ambiguous (a number or text)", _small(int(text, 0)))
    if _FLOAT.fullmatch(text):
        return _float(text)
    if _NOT_FINITE.fullmatch(text):
        return Scalar(text, Doubt(text, f"{text} is not a finite number"))
    return _old_number(text)


def _decimal(text: str) -> Scalar:
    value = int(text)
    if not _LEADING_ZERO.fullmatch(text):
        return _bounded(text, value)
    digits = text.lstrip("+-")
    octal = str(int(text, 8)) if not set(digits) & set("89") else "text"
    return _doubtful(text, f"{text} is ambiguous ({octal} or {value})", _small(value))


def _bounded(text: str, value: int) -> Scalar:
    if abs(value) > _LARGEST_INTEGER:
        return Scalar(value, Doubt(text, f"{text} is too large for a number"))
    return Scalar(value)


def _float(text: str) -> Scalar:
    if len(text) > _LONGEST_NUMBER or abs(value := float(text)) == float("inf"):
        return Scalar(text, Doubt(text, f"{_short(text)} is too large for a number"))
    if _FLOAT_OF_BOTH.fullmatch(text):
        return Scalar(value)
    whole = _small(int(value)) if value.is_integer() else None
    return _doubtful(text, f"{text} is ambiguous (a number or text)", value if whole is None else whole)


def _old_number(text: str) -> Scalar:
    if _SEXAGESIMAL.fullmatch(text):
        return Scalar(text, Doubt(text, f"{_short(text)} is ambiguous (a base-60 number or text)"))
    if _OLD_NUMBER.fullmatch(text):
        return Scalar(text, Doubt(text, f"{_short(text)} is ambiguous (a number or text)", _without_underscores(text)))
    return Scalar(text)


def _doubtful(text: str, fault: str, plain: bool | int | float | None) -> Scalar:
    return Scalar(text if plain is None else plain, Doubt(text, fault, plain))


def _without_underscores(text: str) -> int | float | None:
    digits = text.replace("_", "")
    try:
        return _small(int(digits, 0))
    except ValueError:
        pass
    read = resolve(digits)
    return read.value if read.doubt is None and isinstance(read.value, int | float) else None


def _small(value: int) -> int | None:
    return value if abs(value) <= _LARGEST_INTEGER else None


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_NUMBER else text[:_LONGEST_NUMBER] + "…"
