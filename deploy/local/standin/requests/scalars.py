"""Values that travel as text: in forms, query strings, headers, paths and XML."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from deploy.local.standin.requests.problems import Problem, wrong_type


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _blob(text: str) -> bytes:
    return base64.b64decode(text, validate=False)


_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "blob": _blob,
    **dict.fromkeys(("byte", "short", "integer", "long"), int),
    **dict.fromkeys(("float", "double"), float),
}


def parse(shape: Any, text: str, place: str, problems: list[Problem]) -> Any:
    """Return the value of a text; append a problem and return None where it is none of the shape's type."""
    try:
        return _PARSERS.get(shape.type_name, str)(text)
    except (ValueError, binascii.Error):
        problems.append(wrong_type(place, shape.type_name))
        return None
