"""Comparisons of condition operators: the value of a policy first, the value of the request second.

A value that cannot be read as a number, a date or an address matches nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_network
from operator import eq, ge, gt, le, lt
from typing import Any

from deploy.local.iam import patterns

Compare = Callable[[str, str], bool]
like = patterns.like


def same(wanted: str, value: str) -> bool:
    """Compare two texts; case counts."""
    return patterns.plain(wanted) == value


def same_but_for_case(wanted: str, value: str) -> bool:
    """Compare two texts; case does not count."""
    return patterns.plain(wanted).lower() == value.lower()


def arn(wanted: str, value: str) -> bool:
    """Compare two ARNs field by field."""
    return value.startswith("arn:") and patterns.arn_like(wanted, value)


def within(wanted: str, value: str) -> bool:
    """Say whether an address lies in a range of addresses."""
    try:
        return ip_address(value) in ip_network(wanted, strict=False)
    except ValueError:
        return False


def _number(text: str) -> Decimal:
    return Decimal(text)


def _date(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except ValueError:
        read = datetime.fromisoformat(text)
        return read if read.tzinfo else read.replace(tzinfo=UTC)


def _ordered(read: Callable[[str], Any], holds: Callable[[Any, Any], bool]) -> Compare:
    def compare(wanted: str, value: str) -> bool:
        try:
            return bool(holds(read(value), read(wanted)))
        except (ValueError, InvalidOperation):
            return False

    return compare


number_equal, number_less, number_at_most = (_ordered(_number, holds) for holds in (eq, lt, le))
number_greater, number_at_least = (_ordered(_number, holds) for holds in (gt, ge))
date_equal, date_less, date_at_most = (_ordered(_date, holds) for holds in (eq, lt, le))
date_greater, date_at_least = (_ordered(_date, holds) for holds in (gt, ge))
