"""Attribution of changes to a session, from CloudTrail's event history.

The history is late: an event appears minutes after its call. CloudTrail answers two requests a second for a whole
account and region, so the daemon's requests take turns. Any failure means "not known", never an error.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from reconciler.core.decide.attribution import culprit
from reconciler.core.environment import Environment
from reconciler.edges.aws.clients import AwsClients, AwsFailed

_INTERVAL_SECONDS = 0.6  # the limit is 2 requests a second (LookupEvents), and operators use some of them
_DEADLINE = timedelta(seconds=15)


class CloudTrailAttribution:
    """Implements `core.ports.aws.Attribution`. `interval`: seconds from one request to the next."""

    def __init__(self, aws: AwsClients, *, interval: float = _INTERVAL_SECONDS) -> None:
        self._aws = aws
        self._interval = interval
        self._turn = asyncio.Lock()
        self._last = -interval

    async def who(
        self, environment: Environment, names: Sequence[str], *, since: datetime, until: datetime
    ) -> str | None:
        """Return the session that wrote last to one of these resources; None when it is not known."""
        try:
            async with asyncio.timeout(_DEADLINE.total_seconds()):
                events = [event for name in names for event in await self._events(environment, name, since, until)]
        except (AwsFailed, TimeoutError):
            return None
        return culprit([event | {"EventTime": _time(event.get("EventTime"))} for event in events])

    async def _events(
        self, environment: Environment, name: str, since: datetime, until: datetime
    ) -> Sequence[dict[str, Any]]:
        async with self._turn:
            await asyncio.sleep(max(0.0, self._last + self._interval - time.monotonic()))
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
