"""Phrases that several messages share: plurals, durations, shortened lists."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TypeVar

T = TypeVar("T")


def duration(span: timedelta) -> str:
    """Return an age in two units: `45s`, `12m`, `4h 5m`, `3d 2h`."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m"
    large, small, unit = (seconds // 86400, seconds % 86400 // 3600, "dh")
    if not large:
        large, small, unit = (seconds // 3600, seconds % 3600 // 60, "hm")
    return f"{large}{unit[0]} {small}{unit[1]}" if small else f"{large}{unit[0]}"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: `1 resource`, `2 resources`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def shortened(text: str, longest: int) -> str:
    """Cut text in the middle: an error begins with what failed, and ends with the cause."""
    if len(text) <= longest:
        return text
    end = longest // 2
    return f"{text[: longest - end - 1]}…{text[-end:]}"


def first_few(items: Iterable[str], most: int, *, separator: str = ", ") -> str:
    """List the first `most` items and count the rest: `a, b and 3 more`."""
    listed, more = cut(items, most)
    return separator.join(listed) + (f" {more}" if more else "")


def cut(items: Iterable[T], most: int) -> tuple[Sequence[T], str]:
    """Return the first `most` items, and the count of the rest as `and 3 more`, empty without a rest."""
    found = list(items)
    return found[:most], f"and {len(found) - most} more" if len(found) > most else ""
