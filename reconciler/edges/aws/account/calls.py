"""Reading calls in one environment: whole lists, and answers that may be missing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.core.environment import Environment
from reconciler.edges.aws.clients import AwsClients, AwsFailed

# How a service's lists go on: the parameter and the field of the answer. Most call both NextToken.
_TOKENS: Mapping[str, tuple[str, str]] = {
    "ecr": ("nextToken", "nextToken"),
    "ecs": ("nextToken", "nextToken"),
    "elbv2": ("Marker", "NextMarker"),
    "kms": ("Marker", "NextMarker"),
    "logs": ("nextToken", "nextToken"),
    "resourcegroupstaggingapi": ("PaginationToken", "PaginationToken"),
}


@dataclass(frozen=True, slots=True)
class Calls:
    clients: AwsClients
    environment: Environment

    async def one(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """One answer. Raises: AwsFailed."""
        return await self.clients.call(self.environment, service, operation, **parameters)

    async def every(self, service: str, operation: str, field: str, **parameters: Any) -> Sequence[Any]:
        """A list to its end; `field` is where the answers hold it. Raises: AwsFailed."""
        ask, told = _TOKENS.get(service, ("NextToken", "NextToken"))
        found: list[Any] = []
        more: dict[str, Any] = {}
        while True:
            page = await self.one(service, operation, **parameters, **more)
            found += page.get(field, ())
            if not page.get(told):
                return found
            more = {ask: page[told]}

    async def maybe(
        self, service: str, operation: str, *, missing: Collection[str], **parameters: Any
    ) -> Mapping[str, Any] | None:
        """One answer, or None where AWS's error is one of `missing`. Raises: AwsFailed."""
        try:
            return await self.one(service, operation, **parameters)
        except AwsFailed as failure:
            if failure.code in missing:
                return None
            raise


def tags_of(entries: Sequence[Mapping[str, str]] | None) -> Mapping[str, str]:
    """Tags as a mapping, whichever of AWS's spellings they come in."""
    names = (("Key", "Value"), ("key", "value"), ("TagKey", "TagValue"))
    return {entry[key]: entry[value] for entry in entries or () for key, value in names if key in entry}
