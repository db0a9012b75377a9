"""Translation of pydantic's validation errors into one actionable line each, in the terms of the configuration."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from desired_state.reading.suggestion import suggest
from reconciler.config.models import Settings
from reconciler.config.origins import Loc, Places

_SECRETS = {("auth", "token"), ("redaction", "key"), ("slack", "token"), ("slack", "webhook")}
_ALLOWED = {
    "value_error": "{error}",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must be one line of plain text",
    "too_short": "must have at least {min_length} characters",
    "string_type": "must be text: put it in quotes",
    "path_type": "must be a path",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "model_type": "must be a section with keys",
    "dict_type": "must be a section with keys",
}


def explain(error: ErrorDetails, places: Places) -> str:
    """Return one line for one error: place, key, value (unless it may be a secret) and the allowed values."""
    loc: Loc = tuple(str(part) for part in error["loc"] if part != "[key]")
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    of_key = kind == "extra_forbidden" or "[key]" in error["loc"]
    where, key = places.of(loc, key=of_key), ".".join(loc)
    if kind == "extra_forbidden":
        return f"{where}: {key}: unknown key; {suggest(loc[-1], _keys(loc[:-1]))}"
    if kind == "missing":
        return f"{where}: {key}: is required"
    shown = "" if _may_be_secret(loc) or isinstance(value, Mapping | BaseModel | list) else f"{_shorten(value)} "
    return f"{where}: {key}: {shown}{_allowed(kind, context, error['msg'])}"


def _may_be_secret(loc: Loc) -> bool:
    """Return True for a secret, and for a section that contains one: a plain value given for it may be the secret."""
    return any(secret[: len(loc)] == loc for secret in _SECRETS)


def _shorten(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "…"


def _allowed(kind: str, context: Mapping[str, Any], message: str) -> str:
    return _ALLOWED[kind].format(**context) if kind in _ALLOWED else message


def _keys(loc: Sequence[str]) -> list[str]:
    """Return the keys that exist in a section."""
    model: type[BaseModel] = Settings
    for name in loc:
        field = model.model_fields.get(name)
        if field is None:
            continue  # the name of an environment, one level above its section
        choices = (field.annotation, *get_args(field.annotation))
        model = next((item for item in choices if isinstance(item, type) and issubclass(item, BaseModel)), model)
    return list(model.model_fields)
