"""The strings inside a msgpack value, the encoding in which terraform sends a provider's configuration.

Only strings matter here (such as the path of a credentials file), so all other values are skipped. The reader is
iterative, so a hostile value cannot exhaust the stack.

    MalformedValue   the bytes are not a msgpack value
"""

from collections.abc import Iterator

_FIXED_SIZES = {0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8,
                0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8, 0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17}  # fmt: skip
_STRINGS = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_BINARIES = {0xC4: 1, 0xC5: 2, 0xC6: 4}
_EXTENSIONS = {0xC7: 1, 0xC8: 2, 0xC9: 4}
_ARRAYS = {0xDC: 2, 0xDD: 4}
_MAPS = {0xDE: 2, 0xDF: 4}


class MalformedValue(ValueError):
    """Bytes that are not a msgpack value."""


def texts(value: bytes) -> Iterator[str]:
    """Yield every string in a msgpack value, including keys of maps. Raises MalformedValue."""
    position, pending = 0, 1
    while pending and position < len(value):
        pending -= 1
        code, position = value[position], position + 1
        if code <= 0x7F or code >= 0xE0:
            continue
        if 0xA0 <= code <= 0xBF or code in _STRINGS:
            length, position = (code & 0x1F, position) if code <= 0xBF else _number(value, position, _STRINGS[code])
            yield _slice(value, position, length).decode("utf-8", errors="replace")
            position += length
        elif code <= 0x9F or code in _ARRAYS or code in _MAPS:
            items, position = _items(value, position, code)
            pending += items
        else:
            position = _skip(value, position, code)
    if pending:
        raise MalformedValue("the value ends too early")


def _items(value: bytes, position: int, code: int) -> tuple[int, int]:
    """Return the number of values in an array or map (a pair counts as two), and the position of the first."""
    if code <= 0x8F:
        return 2 * (code & 0x0F), position
    if code <= 0x9F:
        return code & 0x0F, position
    if code in _ARRAYS:
        return _number(value, position, _ARRAYS[code])
    pairs, position = _number(value, position, _MAPS[code])
    return 2 * pairs, position


def _skip(value: bytes, position: int, code: int) -> int:
    """Return the position after a scalar, a binary or an extension. Raises MalformedValue."""
    if code in _FIXED_SIZES:
        length = _FIXED_SIZES[code]
    elif code in _BINARIES:
        length, position = _number(value, position, _BINARIES[code])
    elif code in _EXTENSIONS:
        length, position = _number(value, position, _EXTENSIONS[code])
        length += 1
    else:
        raise MalformedValue(f"code {code:#x} at byte {position - 1}")
    _slice(value, position, length)
    return position + length


def _number(value: bytes, position: int, size: int) -> tuple[int, int]:
    return int.from_bytes(_slice(value, position, size), "big"), position + size


def _slice(value: bytes, position: int, length: int) -> bytes:
    if position + length > len(value):
        raise MalformedValue("the value ends too early")
    return value[position : position + length]
