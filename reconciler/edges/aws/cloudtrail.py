"""Who changed a resource, asked of CloudTrail's event history.

The history is late: an event shows up minutes after the call. The service answers two questions a second for a whole
account and region, so ours wait for each other; and whatever goes wrong, the answer is "not known", never an error.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from reconciler.core.decide.attribution import culprit
from reconciler.core.environment import Environment
from reconciler.edges.aws.clients import AwsClients, AwsFailed

_BETWEEN = 0.6  # seconds; the limit is 2 a second (LookupEvents), and people ask too
_ALL_OF_IT = timedelta(seconds=15)


class CloudTrailAttribution:
    """Implements `core.ports.aws.Attribution`."""

    def __init__(self, aws: AwsClients, *, between: float = _BETWEEN) -> None:
        self._aws = aws
        self._between = between
        self._turn = asyncio.Lock()
        self._last = -between

    async def who(
        self, environment: Environment, names: Sequence[str], *, since: datetime, until: datetime
    ) -> str | None:
        """The session that wrote last to one of these resources, None when that is not known."""
        try:
            async with asyncio.timeout(_ALL_OF_IT.total_seconds()):
                events = [event for name in names for event in await self._events(environment, name, since, until)]
        except (AwsFailed, TimeoutError):
            return None
        return culprit([event | {"EventTime": _time(event.get("EventTime"))} for event in events])

    async def _events(
        self, environment: Environment, name: str, since: datetime, until: datetime
    ) -> Sequence[dict[str, Any]]:
        async with self._turn:
            await asyncio.sleep(max(0.0, self._last + self._between - time.monotonic()))
            self._last = time.monotonic()
            answer: Mapping[str, Any] = await self._aws.call(
                environment,
                "cloudtrail",
                "lookup_events",
                LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": name}],
                StartTime=since,
                EndTime=until,
                MaxResults=50,
            )
        return list(answer.get("Events", ()))


def _time(moment: Any) -> str:
    return moment.isoformat(timespec="seconds") if isinstance(moment, datetime) else ""
