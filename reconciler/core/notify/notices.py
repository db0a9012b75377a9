"""Notices: the difference between the incidents that exist and those that operators know of.

`opened` holds the incidents that operators know of. Nothing else is remembered, so a restart continues where it was: an
incident that appeared meanwhile is opened, one that disappeared is closed. Reminders follow after an hour, after four
hours, and daily.
"""

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from desired_state.instance import Key
from reconciler.core.notify import closing, problems, source
from reconciler.core.notify.problems import Incident, Open, Topic, name_of
from reconciler.core.notify.text import Message, Sign, line, name
from reconciler.core.ports.control import SourceStatus
from reconciler.core.record.model import Record
from reconciler.core.wording import duration, plural

_FIRST_REMINDERS = (timedelta(hours=1), timedelta(hours=4))
_DAY = timedelta(days=1)
_RECORD_TOPICS = frozenset(Topic) - {Topic.SOURCE, Topic.MANIFESTS}


class Act(StrEnum):
    """The effect of a notice on its thread."""

    OPEN = "open"
    UPDATE = "update"
    REMIND = "remind"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Notice:
    """One message about an incident. `head` is the thread's first message from now on, `text` what is added below it.

    A reminder has no head, and a notice that opens a thread has no text. `problem` is what is known of the incident
    afterwards, or was known when it closed.
    """

    act: Act
    problem: Open
    head: Message | None
    text: Message | None = None


Opened: TypeAlias = Mapping[str, Open]


def of_change(old: Record | None, new: Record | None, opened: Opened, *, now: datetime) -> tuple[Notice, ...]:
    """Return the notices of a record that changed from `old` to `new` (None: the instance is gone).

    After a plan was read its verdict is still to come, and until then the headline is about the plan before. So only
    drift, which the plan shows, is reported at once; `of_record` covers the rest when the pass has ended.
    """
    record = new or old
    if record is None:
        return ()
    topics = frozenset({Topic.DRIFT}) if is_being_judged(old, new) else _RECORD_TOPICS
    return _compare(record.key, new, opened, topics, now)


def of_record(record: Record, opened: Opened, *, now: datetime) -> tuple[Notice, ...]:
    """Return the notices of a record that is not in the middle of a pass, reminders included."""
    said = _compare(record.key, record, opened, _RECORD_TOPICS, now)
    told = {notice.problem.topic for notice in said}
    quiet = _mine(record.key, opened, _RECORD_TOPICS - told)
    return (*said, *_reminders(quiet.values(), now))


def of_all(settled: Iterable[Record], known: Collection[Key], opened: Opened, *, now: datetime) -> tuple[Notice, ...]:
    """Return the notices of all records that are not in the middle of a pass, and of instances that are gone."""
    said = [notice for record in settled for notice in of_record(record, opened, now=now)]
    gone = {problem.key for problem in opened.values() if problem.key and problem.key not in known}
    return (*said, *(notice for key in sorted(gone) for notice in of_absent(key, opened, now=now)))


def of_absent(key: Key, opened: Opened, *, now: datetime) -> tuple[Notice, ...]:
    """Return the notices of an instance that has no record any more."""
    return _compare(key, None, opened, _RECORD_TOPICS, now)


def of_source(status: SourceStatus, opened: Opened, *, since: datetime, now: datetime) -> tuple[Notice, ...]:
    """Return the notices of the source; `since` is when the daemon started."""
    found = source.of_source(status, since=since, now=now)
    mine = {topic: opened[topic.value] for topic in (Topic.SOURCE, Topic.MANIFESTS) if topic.value in opened}
    if status.commit is None:  # nothing was read yet: what was wrong may still be
        mine.pop(Topic.MANIFESTS, None)
    said = _differences(
        found, mine, lambda topic: topic is Topic.SOURCE and status.error is not None, closing.of_source, now
    )
    told = {notice.problem.name for notice in said}
    return (*said, *_reminders([problem for problem in mine.values() if problem.name not in told], now))


def is_being_judged(old: Record | None, new: Record | None) -> bool:
    """Return whether this change is a plan that was just read, so that its verdict follows."""
    return old is not None and new is not None and old.checked_at != new.checked_at


def after(opened: Opened, said: Iterable[Notice]) -> dict[str, Open]:
    """Return the open incidents after these notices."""
    result = dict(opened)
    for notice in said:
        if notice.act is Act.CLOSE:
            result.pop(notice.problem.name, None)
        else:
            result[notice.problem.name] = notice.problem
    return result


def _compare(
    key: Key, record: Record | None, opened: Opened, topics: frozenset[Topic], now: datetime
) -> tuple[Notice, ...]:
    found = problems.of_record(record) if record else {}
    found = {topic: problem for topic, problem in found.items() if topic in topics}
    return _differences(
        found,
        _mine(key, opened, topics),
        lambda topic: record is not None and problems.lingers(topic, record),
        lambda problem: closing.of_instance(problem, record),
        now,
        record,
    )


def _mine(key: Key, opened: Opened, topics: Iterable[Topic]) -> dict[Topic, Open]:
    return {topic: opened[name] for topic in topics if (name := name_of(topic, key)) in opened}


def _differences(
    found: Mapping[Topic, Incident],
    opened: Mapping[Topic, Open],
    lingers: Callable[[Topic], bool],
    end: Callable[[Open], str],
    now: datetime,
    record: Record | None = None,
) -> tuple[Notice, ...]:
    said: list[Notice] = []
    for topic in Topic:
        problem, known = found.get(topic), opened.get(topic)
        if known and problem is None and not lingers(topic):
            said.append(_close(known, end(known), now))
        elif known and problem and topic is Topic.APPROVAL and known.said != problem.said:
            said += [_close(known, end(known), now), _open(problem, record, now)]
        elif known and problem and _is_news(known, problem):
            said.append(_update(known, problem))
        elif problem and known is None:
            said.append(_open(problem, record, now))
    return tuple(said)


def _is_news(known: Open, problem: Incident) -> bool:
    """Return whether an open incident has to be updated.

    A failure that is no longer stalled is no news: a new commit is being tried, and its result is not known yet.
    """
    if problem.topic is Topic.FAILURE:
        return not known.said.startswith(problem.said)
    return known.said != problem.said


def _open(problem: Incident, record: Record | None, now: datetime) -> Notice:
    fresh = Open(
        topic=problem.topic,
        key=problem.key,
        since=now,
        said=problem.said,
        title=problem.title,
        applied_at=record.applied_at if record else None,
        applied_source=record.applied_source if record else None,
    )
    return Notice(Act.OPEN, fresh, _head(problem))


def _update(known: Open, problem: Incident) -> Notice:
    changed = dataclasses.replace(known, said=problem.said, title=problem.title)
    return Notice(Act.UPDATE, changed, _head(problem), Message(line("Now: ", problem.title), problem.details))


def _close(known: Open, how: str, now: datetime) -> Notice:
    over = line(f"Resolved after {duration(now - known.since)}: {how}")
    return Notice(Act.CLOSE, known, Message(known.title, (over,), Sign.RESOLVED), Message(over))


def _reminders(known: Iterable[Open], now: datetime) -> Iterable[Notice]:
    for problem in known:
        age = now - problem.since
        if (due := reminders_due(age)) > problem.reminded:
            title = line(f"Still open after {duration(age)}: ", problem.title)
            text = Message(title, sign=Sign.REMINDER)
            yield Notice(Act.REMIND, dataclasses.replace(problem, reminded=due), None, text)


def reminders_due(age: timedelta) -> int:
    """Return how many reminders an incident of that age has had: after an hour, four hours, a day, and each day."""
    return sum(age >= at for at in _FIRST_REMINDERS) + max(0, age // _DAY)


def burst_head(size: int, still_open: int) -> Message:
    """Return the one message for many incidents that came together, with how many are left."""
    title = name(f"{plural(size, 'problem')} at once")
    if not still_open:
        return Message(line(title, ", all resolved"), sign=Sign.RESOLVED)
    left = "" if still_open == size else f", {still_open} still open"
    return Message(line(title, f"{left}; each is in this thread"), sign=Sign.PROBLEM)


def _head(problem: Incident) -> Message:
    sign = Sign.DECISION if problem.topic in {Topic.APPROVAL, Topic.PRUNE} else Sign.PROBLEM
    return Message(problem.title, problem.details, sign)
