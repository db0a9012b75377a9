"""Answers that the provider has given before: its schema, and its verdict on its configuration.

The schema depends on the package alone; the verdict on everything of the identity (see `identity`). An answer with an
error is passed on and never kept, so a retry asks the provider again.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar

from reconciler.provider.counters import Counters
from reconciler.provider.keyed_lock import KeyedLock
from reconciler.provider.protocol.schema import IDENTITY_MAPS, SCHEMA_MAPS, Schema, read_schema
from reconciler.provider.protocol.wire import has_errors

_MOST_VERDICTS = 512
_MOST_SCHEMAS = 8
# Field of the diagnostics, and fields of the maps that may be cut.
SCHEMAS = {"GetSchema": (4, SCHEMA_MAPS), "GetResourceIdentitySchemas": (2, IDENTITY_MAPS)}
PREPARE = "PrepareProviderConfig"
_PREPARE_DIAGNOSTICS = 2

_T = TypeVar("_T")
Ask = Callable[[], Awaitable[bytes]]


class Answers:
    """What is remembered for the lifetime of the warm provider."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._schemas: OrderedDict[str, Schema] = OrderedDict()
        self._verdicts: OrderedDict[str, bytes] = OrderedDict()
        self._locks = KeyedLock()

    async def schema(self, method: str, package: str, used: frozenset[str] | None, ask: Ask) -> bytes:
        """The schema of a package, cut to what is used (None: whole)."""
        key = f"{method} {package}"
        async with self._locks.acquired(key):
            schema = self._schemas.get(key)
            self._count(method, hit=schema is not None)
            if schema is None:
                with self._counters.phase("schema"):
                    message = await ask()
                diagnostics, maps = SCHEMAS[method]
                schema = read_schema(message, maps)
                if has_errors(message, diagnostics):
                    return message
                _keep(self._schemas, key, schema, _MOST_SCHEMAS)
        return schema.message if used is None else schema.cut(used)

    async def verdict(self, key: str, ask: Ask) -> bytes:
        """The provider's verdict on a configuration, by the key of its identity."""
        async with self._locks.acquired(key):
            known = self._verdicts.get(key)
            self._count(PREPARE, hit=known is not None)
            if known is not None:
                self._verdicts.move_to_end(key)
                return known
            with self._counters.phase("prepare"):
                message = await ask()
            if not has_errors(message, _PREPARE_DIAGNOSTICS):
                _keep(self._verdicts, key, message, _MOST_VERDICTS)
            return message

    def _count(self, answer: str, *, hit: bool) -> None:
        self._counters.answers[answer, "hit" if hit else "miss"] += 1


def _keep(kept: OrderedDict[str, _T], key: str, value: _T, most: int) -> None:
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)
