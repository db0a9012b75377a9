"""Seeded damage: texts that are nearly YAML, JSON of nearly the right form, bytes of nearly the right kind."""

import copy
import random
from collections.abc import Iterator
from typing import Any

_TOKENS = (
    *(
        "&a ",
        "*a",
        "<<: *a",
        "!!python/object:os.system",
        "!!binary",
        "? ",
        "---\n",
        "...\n",
        "\t",
        "|",
        ">-\n",
        "{",
        "]",
    ),
    *("null", "~", ".nan", "1e400", "0o14", "7654e32", "99999999999999999999", "2024-99-99", "yes", '""', "- ", ": "),
    *("\x00", "\x1b[31m", "\u202e", "\ufeff", "\u2028", "é" * 40, "a" * 3000, "${file('x')}", "%{ if true }", "#"),
)
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 10**30, 1e308, float("nan"), float("inf"), "", "\ud800", "a" * 3000, "\x00"),
    *([], {}, [None], [[]], {"": None}, {"a": {"b": []}}, ["no-op"], ["delete", "create"], "unknown", "1.2"),
)
_BYTES = (b"\xff", b"\xfe\xff", b"\xed\xa0\x80", b"\x00", b"\r", b"\n\n", b"\xf0\x9f\x92\xa9")


def text(source: bytes, rng: random.Random) -> bytes:
    """Return a document with up to six mistakes in it."""
    found = source
    for _ in range(rng.randrange(7)):
        at = rng.randrange(len(found) + 1)
        lines = found.splitlines(keepends=True)
        match rng.randrange(7):
            case 0:
                found = found[:at]
            case 1:
                found = found[:at] + rng.choice(_BYTES) + found[at:]
            case 2 | 3:
                found = found[:at] + rng.choice(_TOKENS).encode("utf-8", "surrogatepass") + found[at:]
            case 4 if lines:
                lines.insert(rng.randrange(len(lines)), rng.choice(lines))
                found = b"".join(lines)
            case 5 if lines:
                del lines[rng.randrange(len(lines))]
                found = b"".join(lines)
            case _:
                found = found[: at // 2] + found[at:]
    return found


def document(source: Any, rng: random.Random) -> Any:
    """Return JSON data with up to five values replaced, removed, repeated or under another key."""
    found = copy.deepcopy(source)
    for _ in range(1 + rng.randrange(5)):
        places = list(_places(found))
        if not places:
            return rng.choice(_VALUES)
        holder, key = rng.choice(places)
        match rng.randrange(5):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[str(rng.choice(("", "a.b", 'a["b"]', "\ud800", key)))] = holder.pop(key)
            case 2:
                holder[key] = [holder[key]] * 2
            case 3:
                holder[key] = {"nested": holder[key]}
            case _:
                holder[key] = copy.deepcopy(rng.choice(_VALUES))
    return found


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(data, dict | list):
        for key in list(data) if isinstance(data, dict) else range(len(data)):
            yield data, key
            yield from _places(data[key])
