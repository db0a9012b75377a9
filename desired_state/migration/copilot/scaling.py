"""The parts of Copilot's manifests that are about the number of tasks and their rollout: `count` and `deployment`."""

from typing import Final

from pydantic import JsonValue

from desired_state.migration.draft import Conversion, Draft, Row, Table, Unsaid, apply, lost, to, within
from desired_state.migration.source import Item
from desired_state.migration.values import number, seconds, text

_NO_QUEUE: Final = "your-queue"


def count(item: Item, draft: Draft) -> None:
    """Put the number of tasks, fixed or as a range with targets."""
    if isinstance(item.value, dict):
        apply(_COUNT, item, draft)
        draft.data.setdefault("scaling", {"min": 1, "max": 1})
        return
    tasks = number(item)
    draft.put("scaling", {"min": max(tasks, 1), "max": max(tasks, 1)})
    if tasks == 0:
        draft.check(item, "it ran no task: this runs one")


def _range(item: Item, draft: Draft) -> None:
    if isinstance(item.value, dict):
        apply(_RANGE, item, draft)
        return
    least, dash, most = text(item).partition("-")
    if not (dash and least.isdigit() and most.isdigit()):
        raise Unsaid("it should be a range such as 1-10")
    draft.put("scaling.min", int(least))
    draft.put("scaling.max", int(most))


def _target(path: str, conversion: Conversion) -> Row:
    def row(item: Item, draft: Draft) -> None:
        value, cooldown = item.get("value"), item.get("cooldown")
        draft.put(path, conversion(value or item))
        if cooldown is not None:
            draft.lose(cooldown, "a service has one pair of cooldowns: write them in scaling.cooldowns")

    return row


def _queue(item: Item, draft: Draft) -> None:
    """Put the backlog of a task: the messages that it works off within the latency that is acceptable."""
    latency, each = item.get("acceptable_latency"), item.get("msg_processing_time")
    if latency is None or each is None:
        raise Unsaid("it should have acceptable_latency and msg_processing_time")
    backlog = max(1, int(seconds(latency) / max(_exact(each), 0.001)))
    draft.put("scaling.queue", {"name": _NO_QUEUE, "backlogPerTask": backlog})
    draft.check(item, "Copilot made the queue: write its name")


def _exact(item: Item) -> float:
    written = text(item)
    return float(written[:-2]) / 1000 if written.endswith("ms") and written[:-2].isdigit() else float(seconds(item))


def _spot_from(item: Item, draft: Draft) -> None:
    draft.put("spot", {"share": 100, "base": max(number(item) - 1, 0)})


def _spot(item: Item, draft: Draft) -> None:
    tasks = number(item)
    draft.put("scaling", {"min": tasks, "max": tasks})
    draft.put("spot", {"share": 100, "base": 0})


_RANGE: Final[Table] = {
    "min": to("scaling.min", number),
    "max": to("scaling.max", number),
    "spot_from": _spot_from,
}
_COUNT: Final[Table] = {
    "range": _range,
    "spot": _spot,
    "cooldown": within({"in": to("scaling.cooldowns.in", seconds), "out": to("scaling.cooldowns.out", seconds)}),
    "cpu_percentage": _target("scaling.cpu", number),
    "memory_percentage": _target("scaling.memory", number),
    "requests": _target("scaling.requestsPerTarget", number),
    "response_time": lost("services scale on use, requests or a queue: add an alarm for slow responses"),
    "queue_delay": _queue,
}


def _rolling(item: Item, draft: Draft) -> None:
    if text(item) == "recreate":
        draft.put("deployment.minimumHealthyPercent", 0)
        draft.put("deployment.maximumPercent", 100)


def _alarms(item: Item, draft: Draft) -> None:
    """Put the alarms: by name, or the service's own by use, whose thresholds are in `alarms`."""
    if isinstance(item.value, list):
        draft.put("deployment.rollbackAlarms", [text(one) for one in item.items()])
        return
    names: list[JsonValue] = []
    for name, one in item.fields():
        kind = {"cpu_utilization": "cpu", "memory_utilization": "memory"}.get(name)
        if kind is None:
            draft.lose(one, "write the name of an alarm of your own in rollbackAlarms")
        else:
            names.append(kind)
            draft.put(f"alarms.{kind}", number(one))
    if names:
        draft.put("deployment.rollbackAlarms", names)


_DEPLOYMENT: Final[Table] = {"rolling": _rolling, "rollback_alarms": _alarms}


def deployment(item: Item, draft: Draft) -> None:
    """Put the way of rolling out."""
    apply(_DEPLOYMENT, item, draft)
