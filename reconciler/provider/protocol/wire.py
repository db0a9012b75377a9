"""The protobuf wire format: enough of it to copy, drop and read fields without knowing the message types.

The proxy passes messages through as bytes, so a newer provider with unknown fields works unchanged. Any input may be
malformed; a message that cannot be parsed raises `MalformedMessage`.

    MalformedMessage   the bytes are not a protobuf message
"""

from collections.abc import Iterator
from typing import NamedTuple

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10


class MalformedMessage(ValueError):
    """Bytes that are not a protobuf message."""


class Field(NamedTuple):
    """One field. `start` to `end` is the whole field with its tag; `value` is the start of a length-delimited value,
    or -1; `number_value` is the value of a varint, or -1."""

    number: int
    start: int
    value: int
    end: int
    number_value: int


def fields(message: bytes, start: int = 0, end: int | None = None) -> Iterator[Field]:
    """Yield the fields of a message in order. Raises MalformedMessage."""
    limit = len(message) if end is None else end
    position = start
    while position < limit:
        tag, after = _varint(message, position, limit)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise MalformedMessage(f"field number 0 at byte {position}")
        value, number_value = -1, -1
        if kind == _VARINT:
            number_value, finish = _varint(message, after, limit)
        elif kind == _BYTES:
            length, value = _varint(message, after, limit)
            finish = value + length
        elif kind in {_FIXED64, _FIXED32}:
            finish = after + (8 if kind == _FIXED64 else 4)
        else:
            raise MalformedMessage(f"wire type {kind} at byte {position}")
        if finish > limit:
            raise MalformedMessage(f"field {number} at byte {position} is longer than its message")
        yield Field(number, position, value, finish, number_value)
        position = finish


def nested(message: bytes, *path: int) -> bytes:
    """Return the bytes of the first field at a path of field numbers; empty without one. Raises MalformedMessage."""
    start, end = 0, len(message)
    for number in path:
        found = next((f for f in fields(message, start, end) if f.number == number and f.value >= 0), None)
        if found is None:
            return b""
        start, end = found.value, found.end
    return message[start:end]


def has_errors(message: bytes, diagnostics: int) -> bool:
    """Return whether a diagnostic of the plugin protocol, in the field `diagnostics`, has the severity ERROR."""
    return any(
        inner.number == 1 and inner.number_value == 1
        for outer in fields(message)
        if outer.number == diagnostics and outer.value >= 0
        for inner in fields(message, outer.value, outer.end)
    )


def _varint(message: bytes, position: int, limit: int) -> tuple[int, int]:
    """Return a varint and the position after it. Raises MalformedMessage."""
    result = 0
    for index in range(_LONGEST_VARINT):
        if position + index >= limit:
            raise MalformedMessage(f"a number at byte {position} has no end")
        byte = message[position + index]
        result |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return result, position + index + 1
    raise MalformedMessage(f"a number at byte {position} is too long")
