"""Read calls in one environment: complete lists, and answers that may be missing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.core.environment import Environment
from reconciler.edges.aws.clients import AwsClients, AwsFailed

# Pagination by service: the request's parameter and the answer's field. Most services call both NextToken.
_TOKENS: Mapping[str, tuple[str, str]] = {
    "ecr": ("nextToken", "nextToken"),
    "ecs": ("nextToken", "nextToken"),
    "elbv2": ("Marker", "NextMarker"),
    "iam": ("Marker", "Marker"),
    "kms": ("Marker", "NextMarker"),
    "logs": ("nextToken", "nextToken"),
    "resourcegroupstaggingapi": ("PaginationToken", "PaginationToken"),
}


@dataclass(frozen=True, slots=True)
class Calls:
    """Read calls in one environment, with its role."""

    clients: AwsClients
    environment: Environment

    async def one(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """Return one answer. Raises: AwsFailed."""
        return await self.clients.call(self.environment, service, operation, **parameters)

    async def every(self, service: str, operation: str, field: str, **parameters: Any) -> Sequence[Any]:
        """Return a complete list, read page by page from the answers' `field`. Raises: AwsFailed."""
        parameter, token = _TOKENS.get(service, ("NextToken", "NextToken"))
        found: list[Any] = []
        more: dict[str, Any] = {}
        while True:
            page = await self.one(service, operation, **parameters, **more)
            found += page.get(field, ())
            if not page.get(token):
                return found
            more = {parameter: page[token]}

    async def maybe(
        self, service: str, operation: str, *, missing: Collection[str], **parameters: Any
    ) -> Mapping[str, Any] | None:
        """Return one answer, or None when AWS's error code is one of `missing`. Raises: AwsFailed."""
        try:
            return await self.one(service, operation, **parameters)
        except AwsFailed as failure:
            if failure.code in missing:
                return None
            raise


def tags_of(entries: Sequence[Mapping[str, str]] | None) -> Mapping[str, str]:
    """Return tags as a mapping, from any of AWS's three spellings."""
    names = (("Key", "Value"), ("key", "value"), ("TagKey", "TagValue"))
    return {entry[key]: entry[value] for entry in entries or () for key, value in names if key in entry}
