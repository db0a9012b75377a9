"""Rules of `spec.scaling`: what each kind of service may follow, and the times at which other numbers hold."""

from typing import Any

import pytest

from desired_state.checks.conflicts import EnvironmentFacts
from desired_state.kinds.service.spec import ServiceSpec
from tests.desired_state.manifests import build_from, platform, problems_of, public, service, valid

CRON = "0 20 ? * MON-FRI *"
QUEUE = {"name": "jobs", "backlogPerTask": 5}


def spec_of(manifest: dict[str, Any]) -> ServiceSpec:
    spec = valid(manifest).spec
    assert isinstance(spec, ServiceSpec)
    return spec


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"requestsPerTarget": 900},
            "requestsPerTarget counts requests at the load balancer, which only a public service has: remove it",
        ),
        (
            {"min": 0},
            "min 0 is for workers (internal services without port): callers of this one would find nothing,"
            " so write at least 1",
        ),
        (
            {"queue": {"name": "https://sqs.eu-central-1.amazonaws.com/1/jobs", "backlogPerTask": 1}},
            '"https://sqs.eu-central-1.amazonaws.com/1/jobs" is not the name of an SQS queue (not its URL or ARN)',
        ),
        (
            {"schedules": [{"cron": "0 8 * * 1-5", "min": 1, "max": 2}]},
            '"0 8 * * 1-5" has five fields, but AWS wants six, the last one the year: write "0 8 ? * 1-5 *",'
            " and days of the week as SUN to SAT, or 1 (Sunday) to 7",
        ),
        (
            {"schedules": [{"cron": "0 8 * * * *", "min": 1, "max": 2}]},
            '"0 8 * * * *" needs "?" as day or as day of the week: AWS takes exactly one of the two',
        ),
        (
            {"schedules": [{"cron": "every day", "min": 1, "max": 2}]},
            '"every day" is not a time table: write minute, hour, day, month, day of the week, year',
        ),
        (
            {"schedules": [{"at": "2027-02-30T08:00", "min": 1, "max": 2}]},
            '"2027-02-30T08:00" is not a time: write it as "2027-01-31T08:00", in quotes',
        ),
        (
            {"schedules": [{"min": 1, "max": 2}]},
            "a schedule has either cron (again and again) or at (once)",
        ),
        (
            {"schedules": [{"cron": CRON, "timezone": "Berlin", "min": 1, "max": 2}]},
            '"Berlin" is not a time zone: write it as Europe/Berlin or UTC',
        ),
        ({"schedules": [{"cron": CRON, "min": 3, "max": 2}]}, "max 2 is less than min 3"),
        ({"cooldowns": {"in": "5m"}}, '"5m" is a duration, but this time is in seconds: write 300'),
    ],
)
def test_what_an_internal_service_cannot_follow_is_explained(given: dict[str, Any], message: str) -> None:
    assert problems_of(service(scaling=given)) == [message]


def test_a_worker_may_run_no_task_if_something_starts_the_first_one() -> None:
    assert spec_of(service(port=None, scaling={"min": 0, "queue": QUEUE})).scaling.fewest == 0
    by_day = {"cron": CRON, "min": 2, "max": 4}
    assert spec_of(service(port=None, scaling={"min": 0, "schedules": [by_day]})).scaling.most == 4
    never = {"cron": CRON, "min": 0, "max": 4}
    for given in ({"min": 0}, {"min": 0, "schedules": [never]}):
        (message,) = problems_of(service(port=None, scaling=given))
        assert message == "min 0 needs queue, or a schedule with more: nothing else starts a task"


def test_the_numbers_of_all_times_bound_a_service() -> None:
    night, peak = {"cron": CRON, "min": 0, "max": 0}, {"at": "2027-01-31T08:00:30", "min": 8, "max": 20}
    scaling = spec_of(public("shop", paths=["/"], priority=1, scaling={"schedules": [night, peak]})).scaling
    assert (scaling.fewest, scaling.most) == (0, 20)
    assert [one.at for one in scaling.schedules] == [None, "2027-01-31T08:00:30"]


def test_a_service_without_a_task_at_times_has_to_be_allowed_and_callers_of_production_find_two() -> None:
    night = [{"cron": CRON, "min": 0, "max": 1}, {"cron": CRON, "min": 1, "max": 1}]
    prod = EnvironmentFacts("prod", frozenset({"no-tasks"}))
    manifest = service(environments=["prod"], scaling={"min": 2, "schedules": night})
    nat = platform("prod", network={"nat": "one_per_az"})
    found = [problem.message for problem in build_from(nat, manifest, environments={"prod": prod}).problems]
    assert found == [
        "scaling.schedules.0.min is 0, but prod (tier prod) needs at least 2",
        "scaling.schedules.1.min is 1, but prod (tier prod) needs at least 2",
    ]
    worker = service(environments=["prod"], port=None, scaling={"min": 0, "queue": QUEUE})
    assert build_from(nat, worker, environments={"prod": prod}).problems == ()
    (problem,) = build_from(nat, worker, environments={"prod": EnvironmentFacts("prod")}).problems
    assert problem.message.startswith("a service without a task at times is not allowed in prod (tier prod)")


@pytest.mark.parametrize(
    ("spot", "message"),
    [
        (101, "spec.spot.share is 101, but must be at most 100"),
        ({"base": 1}, "spec.spot.share is missing"),
        ("50%", "spec.spot must be a mapping of fields: share, base"),
    ],
)
def test_a_share_that_is_none_is_explained(spot: object, message: str) -> None:
    assert problems_of(service(spot=spot)) == [message]


def test_spot_has_to_be_allowed_where_tasks_matter() -> None:
    nat = platform("prod", network={"nat": "one_per_az"})
    facts = {"prod": EnvironmentFacts("prod")}
    for spot in (1, {"share": 50, "base": 5}):
        manifest = service(environments=["prod"], scaling={"min": 2}, spot=spot)
        (problem,) = build_from(nat, manifest, environments=facts).problems
        assert "Fargate Spot, whose tasks AWS may stop at any time, is not allowed in prod" in problem.message
        allowed = {"prod": EnvironmentFacts("prod", frozenset({"spot"}))}
        assert build_from(nat, manifest, environments=allowed).problems == ()
    none = service(environments=["prod"], scaling={"min": 2}, spot=0)
    assert build_from(nat, none, environments=facts).problems == ()
