"""Incidents of the source: the manifests cannot be fetched, or have mistakes.

Only the place of a mistake is reported; its message may quote the manifest.
"""

from datetime import datetime, timedelta

from reconciler.core.notify.problems import Incident, Topic
from reconciler.core.notify.text import bullets, code, line
from reconciler.core.ports.control import SourceStatus
from reconciler.core.wording import plural

BROKEN_AFTER = timedelta(minutes=10)


def of_source(status: SourceStatus, *, since: datetime, now: datetime) -> dict[Topic, Incident]:
    """Return the incidents of the source, by topic; `since` is when the daemon started."""
    found = (_source(status, since, now), _manifests(status))
    return {problem.topic: problem for problem in found if problem}


def _source(status: SourceStatus, since: datetime, now: datetime) -> Incident | None:
    reached = status.fetched_at or since
    if status.error is None or now - reached < BROKEN_AFTER:
        return None
    return Incident(
        topic=Topic.SOURCE,
        key=None,
        said="",
        title=line("The manifests cannot be fetched"),
        details=(line("The last revision stays effective; new commits are not seen."),),
    )


def _manifests(status: SourceStatus) -> Incident | None:
    if not status.problems:
        return None
    places = list(dict.fromkeys(f"{item.path}:{item.line}" for item in status.problems))
    return Incident(
        topic=Topic.MANIFESTS,
        key=None,
        said="\n".join(places),
        title=line(f"{plural(len(status.problems), 'problem')} in the manifests (InvalidManifest)"),
        details=(
            *bullets(line(code(place)) for place in places),
            line("The last good state stays effective. Try ", code("reconciler validate PATH")),
        ),
    )
