"""A cache of two provider responses: the schema, and the validation of the provider's configuration.

The schema depends only on the package; the validation depends on the whole identity (see `identity`). A response with
an error is returned but never cached, so a retry reaches the provider again.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar

from reconciler.provider.counters import Counters
from reconciler.provider.keyed_lock import KeyedLock
from reconciler.provider.protocol.schema import IDENTITY_MAPS, SCHEMA_MAPS, Schema, read_schema
from reconciler.provider.protocol.wire import has_errors

_MOST_VALIDATIONS = 512
_MOST_SCHEMAS = 8
# Per method: the field of the diagnostics, and the fields of the maps that may be cut.
SCHEMAS = {"GetSchema": (4, SCHEMA_MAPS), "GetResourceIdentitySchemas": (2, IDENTITY_MAPS)}
PREPARE = "PrepareProviderConfig"
_PREPARE_DIAGNOSTICS = 2

_T = TypeVar("_T")
Fetch = Callable[[], Awaitable[bytes]]


class Answers:
    """The cached responses, kept for the lifetime of the warm provider and limited in number."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._schemas: OrderedDict[str, Schema] = OrderedDict()
        self._validations: OrderedDict[str, bytes] = OrderedDict()
        self._locks = KeyedLock()

    async def schema(self, method: str, package: str, used: frozenset[str] | None, fetch: Fetch) -> bytes:
        """Return the schema response of a package, cut to the `used` types and functions; None means uncut.

        Concurrent calls for one package call the provider (`fetch`) once. Raises MalformedMessage."""
        key = f"{method} {package}"
        async with self._locks.acquired(key):
            schema = self._schemas.get(key)
            self._count(method, hit=schema is not None)
            if schema is None:
                with self._counters.phase("schema"):
                    message = await fetch()
                diagnostics, maps = SCHEMAS[method]
                schema = read_schema(message, maps)
                if has_errors(message, diagnostics):
                    return message
                _keep(self._schemas, key, schema, _MOST_SCHEMAS)
        return schema.message if used is None else schema.cut(used)

    async def validation(self, key: str, fetch: Fetch) -> bytes:
        """Return the response of `PrepareProviderConfig` for the key of an identity.

        Concurrent calls for one key call the provider (`fetch`) once. Raises MalformedMessage."""
        async with self._locks.acquired(key):
            known = self._validations.get(key)
            self._count(PREPARE, hit=known is not None)
            if known is not None:
                self._validations.move_to_end(key)
                return known
            with self._counters.phase("prepare"):
                message = await fetch()
            if not has_errors(message, _PREPARE_DIAGNOSTICS):
                _keep(self._validations, key, message, _MOST_VALIDATIONS)
            return message

    def _count(self, answer: str, *, hit: bool) -> None:
        self._counters.answers[answer, "hit" if hit else "miss"] += 1


def _keep(kept: OrderedDict[str, _T], key: str, value: _T, most: int) -> None:
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)
