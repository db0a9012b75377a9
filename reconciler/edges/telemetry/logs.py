"""Structured logging: JSON on standard output, coloured text on a terminal, secrets in neither.

Every field of every line passes the redactor, lines of libraries included, and a log call never raises into the code
that makes it. `scope` adds fields to all lines of one task, such as the instance of a pass.
"""

import json
import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

from reconciler.core.redaction.redactor import Redactor
from reconciler.core.visible import json_text, one_line

# Libraries that log every request at level info.
_CHATTY = ("aiohttp.access", "asyncio", "boto3", "botocore", "git", "s3transfer", "urllib3", "watchfiles")
_NOT_REDACTED = frozenset({"timestamp", "level", "_record", "_from_structlog"})  # set by structlog itself
_MAX_DEPTH = 20
_TRACEBACKS = frozenset({"exception", "stack"})
_TRACEBACK_MARK = "\n  | "


def configure(level: str, redactor: Redactor, *, json: bool | None = None, stream: TextIO | None = None) -> None:
    """Send all logging of this process to `stream`, or to standard output. `json=None`: JSON unless on a terminal."""
    target = stream or sys.stdout
    as_json = not target.isatty() if json is None else json
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _Redaction(redactor),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(as_json, target)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))


def log(event: str, /, **fields: Any) -> None:
    """Write a line at level info, or at the level that `level=` names. Implements `log` of `core.ports.observer`."""
    level = logging.getLevelNamesMapping().get(str(fields.pop("level", "info")).upper(), logging.INFO)
    structlog.stdlib.get_logger("reconciler").log(level, event, **fields)


@contextmanager
def scope(**fields: Any) -> Iterator[None]:
    """Add these fields to all lines of this task, and of the tasks that it starts, until the block ends."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield


class _Redaction:
    """A structlog processor that redacts a whole line, including exception text and field names."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def __call__(self, logger: Any, method: str, event: EventDict) -> MutableMapping[str, Any]:
        kept = {name: value for name, value in event.items() if name in _NOT_REDACTED}
        rest = {name: _plain(value) for name, value in event.items() if name not in kept}
        return {**kept, **self._redactor.value(rest)}


def _plain(value: Any, depth: int = 0) -> Any:
    """Reduce the value to JSON types, other objects to their text, so that nothing bypasses the redactor."""
    if value is None or type(value) in {str, bool, int, float}:
        return value
    if depth > _MAX_DEPTH:
        return f"<{type(value).__name__} nested too deep>"
    if isinstance(value, Mapping):
        return {_text(name): _plain(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner, depth + 1) for inner in value]
    return _text(value)


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # a broken __str__ must not fail the code that logs
        return f"<{type(value).__name__} without text: {type(error).__name__}>"


def _renderer(as_json: bool, target: TextIO) -> Processor:
    """Return what writes a line: the one place where characters that forge lines or control terminals are escaped."""
    if as_json:
        return lambda logger, method, event: json_text(json.dumps(event, ensure_ascii=False, default=str))
    console = structlog.dev.ConsoleRenderer(colors=target.isatty(), exception_formatter=structlog.dev.plain_traceback)
    return lambda logger, method, event: console(logger, method, _visible(event))


def _visible(event: EventDict) -> EventDict:
    """Return the fields as text that is shown as it is; only tracebacks have more lines, each marked as one of them."""
    return {
        one_line(name): _on_lines(value) if name in _TRACEBACKS else _on_line(value) for name, value in event.items()
    }


def _on_line(value: Any) -> Any:
    if isinstance(value, str):
        return one_line(value)
    return one_line(json.dumps(value, ensure_ascii=False)) if isinstance(value, dict | list) else value


def _on_lines(value: Any) -> str:
    return "".join(f"{_TRACEBACK_MARK}{one_line(line)}" for line in str(value).split("\n"))
