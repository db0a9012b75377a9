"""The warm provider's status as JSON: processes, runs, counters, and the number of concurrent runs that fit."""

import os
import time
from collections.abc import Collection, Sequence
from typing import Any

from reconciler.provider.counters import Counters
from reconciler.provider.processes.memory import MIB, concurrency, cores, memory_limit, private, resident
from reconciler.provider.processes.pooled import PooledProvider
from reconciler.provider.run import OwnedRun

_RESERVE = 256 * MIB  # the daemon itself and its data
_RUN_BYTES = 110 * MIB  # terraform with a cut schema, as measured, plus reserve for a large state
_PROGRAM_BYTES = 460 * MIB  # the pages of the provider's program, used once by all processes
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
    """Return the complete status. `born` is the start on the monotonic clock, in seconds."""
    now = time.monotonic()
    return {
        "pid": os.getpid(),
        "uptime_seconds": now - born,
        "rss_bytes": resident(os.getpid()),
        "stopping": stopping,
        "runs": [
            {
                "run": owned.run.id,
                "directory": owned.run.request.directory,
                "connections": len(owned.run.sessions),
                "calls_in_flight": len(owned.run.flights()),
                "orphan": owned.orphan_since is not None,
            }
            for owned in runs
        ],
        "processes": [_process(provider, now) for provider in providers],
        "processes_limit": processes_limit,
        "admission": admission([private(provider.process.pid) for provider in providers]),
        **counters.report(),
    }


def admission(sizes: list[int]) -> dict[str, int]:
    """Return the number of plans and of applies that may run at once, given the processes' private bytes.

    Plans share a process; each apply needs its own.
    """
    provider = max([_PROVIDER_BYTES, *sizes])
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
