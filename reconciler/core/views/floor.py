"""The settings of a manifest that are not in force because the floor of its environment is stricter."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from desired_state.kinds.policy import Policy, Window
from reconciler.core.floor import Floor
from reconciler.core.wording import duration


def overruled(treatment: Policy, floor: Floor, now: datetime) -> list[dict[str, str]]:
    """Return each setting that the floor decides, with the effective value and the manifest's, as texts."""
    return [
        {"setting": setting, "effective": effective, "manifest": declared}
        for setting, effective, declared in _overruled(treatment, floor, now)
    ]


def _overruled(treatment: Policy, floor: Floor, now: datetime) -> Iterator[tuple[str, str, str]]:
    mode, interval = floor.effective_mode(treatment.mode), floor.interval_of(treatment)
    if mode.origin == "floor":
        yield "mode", mode.mode, treatment.mode
    if treatment.prune and not floor.prune:
        yield "prune", "false", "true"
    if treatment.suspend and not floor.suspends(treatment):
        yield "suspend", "false", "true"
    if interval != treatment.interval:
        yield "interval", duration(interval), duration(treatment.interval)
    if floor.windows and floor.windows != treatment.windows:
        yield "windows", _windows(floor.windows), _windows(treatment.windows)
    in_force = floor.ignored(treatment, now)
    for rule in treatment.ignore:
        if rule not in in_force:
            yield "ignore", "not in force", f"{rule.address} {rule.path} until {rule.until}"


def _windows(windows: Iterable[Window]) -> str:
    spans = (f"{','.join(one.days)} {one.from_}-{one.to} {one.timezone}" for one in windows)
    return "; ".join(spans) or "none"
