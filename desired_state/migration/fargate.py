"""The bounds of ECS and Fargate that a definition may be outside of: checks, capabilities, security groups.

Source: Amazon ECS API reference, HealthCheck, LinuxParameters and KernelCapabilities.
"""

from typing import Final

from pydantic import JsonValue

from desired_state.migration.draft import Draft, Row, Table, lost, to, to_bounded, within
from desired_state.migration.source import Item
from desired_state.migration.values import flag, number, seconds, text, words

NOT_ON_FARGATE: Final = "Fargate does not have it"


def capabilities(path: str) -> Row:
    """Return the row of capabilities: Fargate drops any, and adds one.

    Source: Amazon ECS API reference, KernelCapabilities."""

    def row(item: Item, draft: Draft) -> None:
        names: list[JsonValue] = []
        for one in item.items():
            name = text(one).upper().removeprefix("CAP_")
            if path.endswith(".add") and name != "SYS_PTRACE":
                draft.lose(one, "on Fargate only SYS_PTRACE can be added")
            else:
                names.append(name)
        if names:
            draft.put(path, names)

    return row


def security_groups(groups: list[JsonValue], item: Item, draft: Draft) -> None:
    """Put security groups beside those of the service: a task has five, of which the platform takes up to three."""
    draft.put("security.groups", groups[:2])
    if len(groups) > 2:
        draft.lose(item, f"two more groups fit on a task: {', '.join(map(str, groups[2:]))} do not")


CAPABILITIES: Final[Table] = {
    "add": capabilities("linux.capabilities.add"),
    "drop": capabilities("linux.capabilities.drop"),
}
LINUX: Final[Table] = {
    "initProcessEnabled": to("linux.initProcess", flag),
    "capabilities": within(CAPABILITIES),
    "tmpfs": lost("any user may write to a folder in memory here (TMPDIR); another path is a volume"),
    "sharedMemorySize": lost(NOT_ON_FARGATE),
    "devices": lost(NOT_ON_FARGATE),
    "maxSwap": lost(NOT_ON_FARGATE),
    "swappiness": lost(NOT_ON_FARGATE),
}
# The bounds are those of ECS; a service's own container is unhealthy after two failed checks at least.
INTERVAL: Final[Row] = to_bounded("healthCheck.interval", seconds, 5, 300)
TIMEOUT: Final[Row] = to_bounded("healthCheck.timeout", seconds, 2, 60)
START_PERIOD: Final[Row] = to_bounded("healthCheck.startPeriod", seconds, 0, 300)
THRESHOLD: Final[Row] = to_bounded("healthCheck.unhealthyThreshold", number, 2, 10)
RETRIES: Final[Row] = to_bounded("healthCheck.retries", number, 1, 10)
HEALTH: Final[Table] = {
    "command": to("healthCheck.command", words),
    "interval": INTERVAL,
    "timeout": TIMEOUT,
    "retries": THRESHOLD,
    "startPeriod": START_PERIOD,
}
