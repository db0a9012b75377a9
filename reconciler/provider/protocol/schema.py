"""A provider's schema, cut to the types and functions that one run uses.

A root uses a handful of some 1,500 resource types, and decoding the others is most of a run's cost. In the response of
`GetProviderSchema` the types are protobuf map entries, so they can be dropped without decoding them. Only types and
functions are ever dropped; all other bytes stay as the provider sent them, in the same order. If a needed type is
missing after all, terraform's error message shows it (`lacks_type`), and the run is repeated with the full schema.
"""

import re
from collections.abc import Set
from dataclasses import dataclass

from reconciler.provider.protocol.wire import fields, nested

# Fields of tfplugin5.GetProviderSchema.Response: 2 resources, 3 data sources, 7 functions, 8 ephemeral resources,
# 9 list resources, 11 actions. Of GetResourceIdentitySchemas.Response: 1.
SCHEMA_MAPS = frozenset({2, 3, 7, 8, 9, 11})
IDENTITY_MAPS = frozenset({1})

# Terraform's error messages for a type or function that the schema lacks: in the configuration, the state or a plan.
_LACKS_TYPE = re.compile(
    r"does not support (?:resource type|data source|ephemeral resource|list resource|action)\b"
    r"|no schema (?:available|found) for "
    r'|There is no function named "provider::'
)
_WRAPPED = re.compile(r"\s*\n[\s│|╷╵]*")


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema response with the positions of its fields: `entries` are (start, end, name) in order.

    The name is that of a type or function, and None for any other field."""

    message: bytes
    entries: tuple[tuple[int, int, str | None], ...]

    @property
    def names(self) -> frozenset[str]:
        """Return the names of all types and functions."""
        return frozenset(name for _, _, name in self.entries if name is not None)

    def cut(self, used: Set[str]) -> bytes:
        """Return the response without the types and functions that are not in `used`."""
        view = memoryview(self.message)
        return b"".join(view[start:end] for start, end, name in self.entries if name is None or name in used)


def read_schema(message: bytes, maps: Set[int] = SCHEMA_MAPS) -> Schema:
    """Find the map entries of a schema response. Raises MalformedMessage."""
    entries: list[tuple[int, int, str | None]] = []
    for field in fields(message):
        name = None
        if field.number in maps and field.value >= 0:
            name = nested(message[field.value : field.end], 1).decode("utf-8", errors="replace")
        entries.append((field.start, field.end, name))
    return Schema(message, tuple(entries))


def lacks_type(output: str) -> bool:
    """Return whether terraform failed because the schema lacks a type or function: run again with the full schema."""
    return _LACKS_TYPE.search(_WRAPPED.sub(" ", output)) is not None
