"""Effective settings for display: every value, with secrets masked, and the origin of each."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from reconciler.config.models import Settings
from reconciler.config.values import write_duration

MASK = "********"
_USERINFO = re.compile(r"(://)[^/\s]*@")
_QUERY = re.compile(r"(://[^?\s]*\?)\S+")


def effective(settings: Settings) -> dict[str, Any]:
    """Return every effective setting as plain data: secrets masked, durations and paths as written in a file."""
    shown: dict[str, Any] = _plain(settings)
    return shown


def origins_of(settings: Settings) -> dict[str, str]:
    """Map the dotted key of every setting to its origin: a variable's name, `file:line` or `default`."""
    return {".".join(loc): settings.origin(loc) for loc in _leaves(effective(settings))}


def _leaves(data: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for key, value in data.items():
        loc = (*above, key)
        found += _leaves(value, loc) if isinstance(value, dict) and value else [loc]
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, timedelta):
        return write_duration(value)
    if isinstance(value, str):
        return _QUERY.sub(rf"\1{MASK}", _USERINFO.sub(rf"\1{MASK}@", value))
    return str(value) if isinstance(value, Path) else value
