"""Incidents of the source: opened after a delay, with the places of problems and without their content."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired_state.reading.document import Problem
from reconciler.core.notify.problems import Topic
from reconciler.core.notify.source import BROKEN_AFTER, of_source
from reconciler.core.notify.text import code
from reconciler.core.ports.control import SourceStatus
from tests.core.instances import NOW

AGES = st.timedeltas(timedelta(0), timedelta(days=2))
PROBLEMS = st.lists(
    st.builds(
        Problem,
        st.sampled_from(["a.yaml", "b/c.yaml", "<!here>.yaml"]),
        st.integers(1, 40),
        st.integers(1, 80),
        st.text("xyz", min_size=12, max_size=20).map(lambda text: f"secret-{text}"),
    ),
    max_size=30,
)


def status(
    *problems: Problem, commit: str | None = "c1", fetched: datetime | None = None, error: str | None = None
) -> SourceStatus:
    return SourceStatus(commit, fetched, error, problems)


@given(AGES, st.none() | AGES)
def test_law_a_source_is_broken_once_it_was_out_of_reach_for_long_enough(up: timedelta, ago: timedelta | None) -> None:
    found = of_source(
        status(fetched=None if ago is None else NOW - ago, error="no route to host"), since=NOW - up, now=NOW
    )
    assert (Topic.SOURCE in found) == ((up if ago is None else ago) >= BROKEN_AFTER)


@given(AGES, st.none() | AGES)
def test_law_a_source_without_an_error_is_never_broken(up: timedelta, ago: timedelta | None) -> None:
    assert of_source(status(fetched=None if ago is None else NOW - ago), since=NOW - up, now=NOW) == {}


@pytest.mark.parametrize(("age", "opened"), [(BROKEN_AFTER - timedelta(microseconds=1), False), (BROKEN_AFTER, True)])
def test_the_limit_itself_is_long_enough(age: timedelta, opened: bool) -> None:
    found = of_source(status(fetched=NOW - age, error="no"), since=NOW - timedelta(days=1), now=NOW)
    assert (Topic.SOURCE in found) is opened


@given(PROBLEMS)
def test_law_problems_are_named_by_their_places_and_never_quoted(problems: list[Problem]) -> None:
    found = of_source(status(*problems, fetched=NOW), since=NOW, now=NOW)
    assert set(found) == ({Topic.MANIFESTS} if problems else set())
    for incident in found.values():
        places = list(dict.fromkeys(f"{problem.path}:{problem.line}" for problem in problems))
        assert incident.said.split("\n") == places
        assert incident.key is None
        lines = [incident.title, *incident.details]
        words = "\n".join("".join(span.text for span in one.spans) for one in lines)
        assert f"{len(problems)} problem" in words
        assert "secret" not in words
        assert [one.spans for one in lines if one.bullet] == [(code(place),) for place in places[:10]]
        assert ("more" in words) == (len(places) > 10)


def test_only_other_places_change_the_incident() -> None:
    def detail(*lines: int) -> str:
        problems = [Problem("a.yaml", line, 1, f"message {line}") for line in lines]
        return of_source(status(*problems), since=NOW, now=NOW)[Topic.MANIFESTS].said

    assert detail(1, 2) == detail(1, 2, 2)
    assert detail(1, 2) != detail(1, 3)


def test_both_incidents_can_be_open_at_once() -> None:
    broken = status(Problem("a.yaml", 1, 1, "no"), fetched=NOW - BROKEN_AFTER, error="no")
    assert set(of_source(broken, since=NOW, now=NOW)) == {Topic.SOURCE, Topic.MANIFESTS}
