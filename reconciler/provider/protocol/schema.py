"""A provider's schema, cut to what one run uses.

Of some 1,500 resource types a root uses a handful, and decoding the rest is most of what a run costs. In the response
of `GetProviderSchema` the types are protobuf map entries, so they can be dropped without knowing what is in them.
The rule: what is kept is byte for byte what the provider sent, in its order, and nothing but types and functions is
ever dropped. A type that is missing after all is recognised in terraform's own words (`lacks_type`), and the run is
repeated with the full schema.
"""

import re
from collections.abc import Set
from dataclasses import dataclass

from reconciler.provider.protocol.wire import fields, nested

# Fields of tfplugin5.GetProviderSchema.Response: 2 resources, 3 data sources, 7 functions, 8 ephemeral resources,
# 9 list resources, 11 actions. Of GetResourceIdentitySchemas.Response: 1.
SCHEMA_MAPS = frozenset({2, 3, 7, 8, 9, 11})
IDENTITY_MAPS = frozenset({1})

# Terraform's words for a type or function that the schema lacks: in the configuration, in the state, in a plan.
_LACKS_TYPE = re.compile(
    r"does not support (?:resource type|data source|ephemeral resource|list resource|action)\b"
    r"|no schema (?:available|found) for "
    r'|There is no function named "provider::'
)
_WRAPPED = re.compile(r"\s*\n[\s│|╷╵]*")


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema response with the places of its map entries: `entries` are (start, end, name or None) in order."""

    message: bytes
    entries: tuple[tuple[int, int, str | None], ...]

    @property
    def names(self) -> frozenset[str]:
        """Every type and function it knows."""
        return frozenset(name for _, _, name in self.entries if name is not None)

    def cut(self, used: Set[str]) -> bytes:
        """The same response with only the used types and functions."""
        view = memoryview(self.message)
        return b"".join(view[start:end] for start, end, name in self.entries if name is None or name in used)


def read_schema(message: bytes, maps: Set[int] = SCHEMA_MAPS) -> Schema:
    """Find the map entries of a schema response. Raises: MalformedMessage."""
    entries: list[tuple[int, int, str | None]] = []
    for field in fields(message):
        name = None
        if field.number in maps and field.value >= 0:
            name = nested(message[field.value : field.end], 1).decode("utf-8", errors="replace")
        entries.append((field.start, field.end, name))
    return Schema(message, tuple(entries))


def lacks_type(output: str) -> bool:
    """True when terraform's output says that the schema misses a type or a function: repeat with the full schema."""
    return _LACKS_TYPE.search(_WRAPPED.sub(" ", output)) is not None
