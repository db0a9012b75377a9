"""Change windows and ignore rules."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from desired_state.kinds.policy import Window
from tests.desired_state.manifests import problems_of, service, valid


def window(**changes: Any) -> Window:
    data = {"days": ("mon", "fri"), "from": "08:00", "to": "17:00", "timezone": "Europe/Berlin", **changes}
    return Window.model_validate(data)


MONDAY = datetime(2026, 6, 1, tzinfo=UTC)  # Berlin is two hours ahead in June


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        (MONDAY.replace(hour=5, minute=59), False),
        (MONDAY.replace(hour=6), True),
        (MONDAY.replace(hour=14, minute=59), True),
        (MONDAY.replace(hour=15), False),
        (MONDAY.replace(hour=10) + timedelta(days=1), False),
        (MONDAY.replace(hour=10) + timedelta(days=4), True),
    ],
)
def test_a_window_is_open_by_local_time(moment: datetime, open_: bool) -> None:
    assert window().contains(moment) is open_


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        (MONDAY.replace(hour=21, minute=59), False),
        (MONDAY.replace(hour=22), True),
        (MONDAY.replace(hour=3, minute=59) + timedelta(days=1), True),
        (MONDAY.replace(hour=4) + timedelta(days=1), False),
        (MONDAY.replace(hour=22) + timedelta(days=1), False),
        (MONDAY.replace(hour=1), False),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_starts(
    moment: datetime,
    open_: bool,
) -> None:
    assert window(**{"days": ("mon",), "from": "22:00", "to": "04:00", "timezone": "UTC"}).contains(moment) is open_


def test_a_window_rejects_a_time_without_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        window().contains(datetime(2026, 6, 1, 10))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"days": ["monday"]}, '"monday" is not a choice for spec.policy.windows[0].days[0]: did you mean "mon"?'),
        ({"days": ["mon", "mon"]}, '"mon" is listed twice'),
        ({"from": "8:00"}, '"8:00" is not a time of day: write it as "08:00", in quotes'),
        ({"to": "24:00"}, '"24:00" is not a time of day: write it as "08:00", in quotes'),
        ({"to": "08:00"}, "the window starts and ends at 08:00: for whole days write 00:00 to 23:59"),
        ({"timezone": "Europe"}, '"Europe" is not a time zone: write it as Europe/Berlin or UTC'),
        ({"timezone": "../../etc/passwd"}, '"../../etc/passwd" is not a time zone: write it as Europe/Berlin or UTC'),
    ],
)
def test_a_mistake_in_a_window_is_explained(changes: dict[str, Any], message: str) -> None:
    good = {"days": ["mon"], "from": "08:00", "to": "17:00", "timezone": "Europe/Berlin"}
    assert problems_of(service(policy={"windows": [good | changes]})) == [message]


def test_an_ignore_rule_needs_an_owner_and_a_valid_end_date() -> None:
    rule = {"address": "aws_ecs_service.this", "path": "desired_count", "owner": "payments", "until": "2027-01-31"}
    assert valid(service(policy={"ignore": [rule]})).spec.policy.ignore[0].until == date(2027, 1, 31)
    bad = problems_of(service(policy={"ignore": [{**rule, "until": "2027-02-30"}]}))
    assert bad == ["2027-02-30 is not a day of the calendar"]
    bad = problems_of(service(policy={"ignore": [{**rule, "until": "20270131"}]}))
    assert bad == ['"20270131" is not a date: write it as 2027-01-31']
