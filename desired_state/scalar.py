"""The meaning of plain (unquoted) YAML scalars.

They are read by the core schema of YAML 1.2, and rejected if a YAML 1.1 parser would read another value: many common
tools still use 1.1, and an ambiguous manifest must not reach AWS. A rejected scalar still carries its most likely
value, so that the rest of the file is checked.
"""

import re
from dataclasses import dataclass

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_OLD_BOOL = {
    spelling: word in {"y", "yes", "on"}
    for word in ("y", "n", "yes", "no", "on", "off")
    for spelling in (word, word.capitalize(), word.upper())
}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_OLD_NUMBER = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?)")
_LONGEST_NUMBER = 64
_LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value, and the message about its spelling if that is rejected."""

    value: bool | int | float | str | None
    problem: str | None = None


def resolve(text: str) -> Scalar:
    """Read a plain scalar by the core schema."""
    if text in _NULL:
        return Scalar(None)
    if text in _BOOL:
        return Scalar(_BOOL[text])
    if text in _OLD_BOOL:
        value = _OLD_BOOL[text]
        return Scalar(value, f"{text} is ambiguous (a boolean or text): write {str(value).lower()}, or quote it")
    if text[0] not in "+-.0123456789":
        return Scalar(text)
    return _number(text)


def _number(text: str) -> Scalar:
    if ":" in text or "_" in text:
        return _old_number(text)
    if _DECIMAL.fullmatch(text) and len(text) <= _LONGEST_NUMBER:
        return _decimal(text)
    if _OCTAL_OR_HEX.fullmatch(text) and len(text) <= _LONGEST_NUMBER:
        return _bounded(text, int(text, 0))
    if _FLOAT.fullmatch(text):
        return _float(text)
    if _NOT_FINITE.fullmatch(text):
        return Scalar(text, f"{text} is not a finite number: write one, or quote it if it is text")
    return _old_number(text)


def _decimal(text: str) -> Scalar:
    value = int(text)
    if not _LEADING_ZERO.fullmatch(text):
        return _bounded(text, value)
    digits = text.lstrip("+-")
    octal = str(int(text, 8)) if not set(digits) & set("89") else "text"
    return Scalar(value, f"{text} is ambiguous ({octal} or {value}): write {value}, or quote it")


def _bounded(text: str, value: int) -> Scalar:
    if abs(value) > _LARGEST_INTEGER:
        return Scalar(value, f"{text} is too large for a number: quote it if it is text")
    return Scalar(value)


def _float(text: str) -> Scalar:
    if len(text) > _LONGEST_NUMBER or abs(value := float(text)) == float("inf"):
        return Scalar(text, f"{_short(text)} is too large for a number: quote it if it is text")
    return Scalar(value)


def _old_number(text: str) -> Scalar:
    if _SEXAGESIMAL.fullmatch(text):
        return Scalar(text, f'{_short(text)} is ambiguous (a base-60 number or text): write "{_short(text)}"')
    if _OLD_NUMBER.fullmatch(text):
        return Scalar(text, f"{_short(text)} is ambiguous (a number or text): write plain digits, or quote it")
    return Scalar(text)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_NUMBER else text[:_LONGEST_NUMBER] + "…"
