"""The warm provider's status as JSON: processes, runs, counters, and how many terraform runs may go at once."""

import os
import time
from collections.abc import Collection, Sequence
from typing import Any

from reconciler.provider.counters import Counters
from reconciler.provider.processes.memory import MIB, concurrency, cores, memory_limit, private, resident
from reconciler.provider.processes.pooled import PooledProvider
from reconciler.provider.run import OwnedRun

_RESERVE = 256 * MIB  # the daemon itself and what it reads
_RUN_BYTES = 110 * MIB  # terraform with a cut schema, measured, with room for a large state
_PROGRAM_BYTES = 460 * MIB  # the provider's program in memory, held once
_PROVIDER_BYTES = 150 * MIB


def report(
    runs: Sequence[OwnedRun],
    providers: Collection[PooledProvider],
    counters: Counters,
    *,
    born: float,
    stopping: bool,
    processes_limit: int,
) -> dict[str, Any]:
    """Return the whole status. `born` is a reading of the monotonic clock, in seconds."""
    now = time.monotonic()
    return {
        "pid": os.getpid(),
        "uptime_seconds": now - born,
        "rss_bytes": resident(os.getpid()),
        "stopping": stopping,
        "runs": [
            {
                "run": held.run.id,
                "directory": held.run.ask.directory,
                "connections": len(held.run.sessions),
                "calls_in_flight": len(held.run.flights()),
                "orphan": held.orphan_since is not None,
            }
            for held in runs
        ],
        "processes": [_process(provider, now) for provider in providers],
        "processes_limit": processes_limit,
        "admission": admission([private(provider.process.pid) for provider in providers]),
        **counters.report(),
    }


def admission(held: list[int]) -> dict[str, int]:
    """How many plans, and how many applies, may run at once with provider processes of these sizes.

    Plans share a process; each apply needs one to itself.
    """
    provider = max([_PROVIDER_BYTES, *held])
    memory, fixed = memory_limit(), _RESERVE + _PROGRAM_BYTES + provider
    return {
        "plans": concurrency(cores=cores(), memory=memory, fixed=fixed, each=_RUN_BYTES),
        "applies": concurrency(cores=cores(), memory=memory, fixed=fixed, each=_RUN_BYTES + provider),
    }


def _process(provider: PooledProvider, now: float) -> dict[str, Any]:
    return {
        "pid": provider.process.pid,
        "package": provider.place.package,
        "identity": provider.key[:12],
        "configured": bool(provider.key),
        "rss_bytes": resident(provider.process.pid),
        "private_bytes": private(provider.process.pid),
        "age_seconds": now - provider.born,
        "calls": provider.calls,
        "sessions": len(provider.sessions),
        "seat": provider.seat,
        "draining": provider.draining,
    }
