"""Jobs: the rules of their fields, their place on a platform, and the schedule expressions that AWS gets."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from desired_state.instance import Instance
from desired_state.kinds.job import JobSpec
from desired_state.kinds.schemas import generate
from desired_state.kinds.service.fargate import SIZES
from tests.desired_state.manifests import build_from, job, messages, platform, problems_of, to_yaml, valid
from tests.desired_state.parts import texts
from tests.desired_state.tenants import FILE, attempt

SCHEMA = Draft202012Validator(generate("Job"))
DAY_OF_MONTH = st.integers(1, 31).map(str) | st.sampled_from(["*", "L", "1-15", "1,15", "3W", "*/2"])
DAY_OF_WEEK = st.integers(1, 7).map(str) | st.sampled_from(["*", "MON-FRI", "6L", "2#1", "SUN,SAT"])


@st.composite
def crons(draw: st.DrawFn) -> str:
    minutes = draw(st.integers(0, 59).map(str) | st.sampled_from(["*", "0/15", "5,35"]))
    hours = draw(st.integers(0, 23).map(str) | st.sampled_from(["*", "8-18"]))
    month = draw(st.integers(1, 12).map(str) | st.sampled_from(["*", "JAN", "JAN-MAR"]))
    days = draw(st.sampled_from([(True, False), (False, True)]))
    month_day, week_day = draw(DAY_OF_MONTH) if days[0] else "?", draw(DAY_OF_WEEK) if days[1] else "?"
    return f"{minutes} {hours} {month_day} {month} {week_day} {draw(st.sampled_from(['*', '2027', '2027-2030']))}"


@st.composite
def jobs(draw: st.DrawFn) -> dict[str, Any]:
    """Draw any valid job in develop."""
    cpu = draw(st.sampled_from(sorted(SIZES)))
    version = draw(st.sampled_from([{"tag": "1.2"}, {"digest": f"sha256:{'0a' * 32}"}]))
    source = draw(st.sampled_from([{"service": "orders"}, {"repository": "ghcr.io/acme/tool"}]))
    zone = {"timezone": draw(st.sampled_from(["UTC", "Europe/Berlin"]))}
    moments = [
        {"cron": draw(crons()), **zone},
        {"rate": draw(st.sampled_from(["1m", "60s", "6h", "1d"]))},
        {"at": "2027-01-31T03:00:00", **zone},
    ]
    return job(
        image={**source, **version, **({"tag": None} if "digest" in version else {}), "service": source.get("service")},
        cpu=cpu,
        memory=draw(st.sampled_from(SIZES[cpu])),
        command=draw(st.lists(st.sampled_from(["node", "report.js", "--all"]), max_size=3)),
        runtime=draw(st.sampled_from([None, "nodejs", "python"])),
        env=draw(st.dictionaries(st.from_regex(r"[A-Z]{1,3}_X", fullmatch=True), texts, max_size=2)),
        secrets=draw(st.sampled_from([{}, {"DATABASE_URL": "report/database"}])),
        schedule=draw(st.none() | st.sampled_from(moments)),
        timeout=draw(st.sampled_from(["1m", "45m", "7d"])),
        retries=draw(st.integers(0, 10)),
        concurrency=draw(st.sampled_from(["forbid", "allow"])),
    )


def spec_of(**changes: Any) -> JobSpec:
    spec = valid(job(**changes)).spec
    assert isinstance(spec, JobSpec)
    return spec


@given(jobs())
def test_every_drawn_job_is_valid_fits_its_schema_and_survives_a_record(manifest: dict[str, Any]) -> None:
    assert list(SCHEMA.iter_errors(manifest)) == []
    snapshot = build_from(manifest, platform())
    assert snapshot.problems == ()
    (instance,) = (one for one in snapshot.instances.values() if one.kind == "Job")
    assert Instance.from_json(instance.to_json()) == instance
    assert {str(key) for key in instance.depends_on} == {"develop/platform"}, "its platform is applied first"


def test_a_job_is_forbidden_to_overlap_and_stopped_until_it_says_otherwise() -> None:
    spec = spec_of()
    assert (spec.concurrency, spec.timeout, spec.retries, spec.schedule) == ("forbid", timedelta(minutes=30), 0, None)


@pytest.mark.parametrize(
    ("schedule", "expression"),
    [
        ({"cron": "0 3 * * ? *"}, "cron(0 3 * * ? *)"),
        ({"cron": "cron(0/15 8-18 ? * MON-FRI *)"}, "cron(0/15 8-18 ? * MON-FRI *)"),
        ({"rate": "1m"}, "rate(1 minute)"),
        ({"rate": "90m"}, "rate(90 minutes)"),
        ({"rate": "1d"}, "rate(1440 minutes)"),
        ({"at": "2027-01-31T03:00:00"}, "at(2027-01-31T03:00:00)"),
    ],
)
def test_a_schedule_is_written_as_the_scheduler_reads_it(schedule: dict[str, Any], expression: str) -> None:
    spec = spec_of(schedule=schedule)
    assert spec.schedule is not None
    assert spec.schedule.expression == expression


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schedule": {}}, "the schedule says no moment: write exactly one of cron, rate and at"),
        (
            {"schedule": {"cron": "0 3 * * ? *", "rate": "1h"}},
            "the schedule has cron and rate: write exactly one of cron, rate and at",
        ),
        (
            {"schedule": {"cron": "0 3 * * *"}},
            '"0 3 * * *" has five fields: EventBridge Scheduler has a sixth for the year, and a question mark for the '
            'day that is not used, so write "0 3 * * ? *" (its days of the week begin with SUN, or 1)',
        ),
        (
            {"schedule": {"cron": "0 3 * * 1-5"}},
            '"0 3 * * 1-5" has five fields: EventBridge Scheduler has a sixth for the year, and a question mark for '
            "the "
            'day that is not used, so write "0 3 ? * 1-5 *" (its days of the week begin with SUN, or 1)',
        ),
        ({"schedule": {"cron": "daily"}}, '"daily" is not a cron expression: write six fields, such as "0 3 * * ? *"'),
        ({"schedule": {"cron": "60 3 * * ? *"}}, '"60" is not valid for the minutes of a cron expression (0 to 59)'),
        (
            {"schedule": {"cron": "0 3 * * MOON *"}},
            '"MOON" is not valid for the day of the week of a cron expression (1 to 7)',
        ),
        (
            {"schedule": {"cron": "0 3 * * * *"}},
            '"0 3 * * * *" must have a question mark as the day of the month or as that of the week, not as both',
        ),
        ({"schedule": {"rate": "30s"}}, "rate 30s is not a number of whole minutes: write 1m or more"),
        (
            {"schedule": {"at": "2027-01-31"}},
            '"2027-01-31" is not a moment: write it as 2027-01-31T03:00:00, without a time zone',
        ),
        (
            {"schedule": {"rate": "1h", "timezone": "Europe/Berlin"}},
            "a rate has no time zone: remove it, or write cron",
        ),
        (
            {"schedule": {"at": "2027-01-31T03:00:00", "timezone": "Mars"}},
            '"Mars" is not a time zone: write it as Europe/Berlin or UTC',
        ),
        ({"timeout": "30s"}, "timeout 30s is out of range: write 1m to 7d"),
        ({"memory": 700}, "memory 700 is not valid for cpu 256 on Fargate: the choices are 512, 1024 and 2048"),
        ({"image": "orders:1"}, '"orders:1" is not a mapping: write {service: NAME, tag: TAG}, or repository and tag'),
        ({"image": {"tag": None}}, "the image has neither tag nor digest: write one of them"),
        (
            {"image": {"repository": "ghcr.io/acme/tool"}},
            "the image has both service and repository: write one of them",
        ),
        ({"env": {"API_TOKEN": "x"}}, None),
        ({"env": {"A": "x"}, "secrets": {"A": "report/a"}}, "A is both in env and in secrets: remove one"),
    ],
)
def test_a_mistake_in_a_job_is_explained(changes: dict[str, Any], message: str | None) -> None:
    (found,) = problems_of(job(**changes))
    assert message is None or found == message


def test_a_job_needs_a_platform_to_run_in() -> None:
    assert messages(build_from(job()).problems) == ["develop has no Platform: a job needs one to run in"]


INTRUDING = {"service": "intruder", "tag": "1"}


def nightly(**changes: Any) -> dict[str, Any]:
    return job("intruder-nightly", **changes)


ATTEMPTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a job with the image of another's service": ((nightly()), "may not run the image of the service", '"orders"'),
    "a job with an image of a foreign registry": (
        (nightly(image={"service": None, "repository": "docker.io/evil/x", "tag": "1"})),
        "may not run the image",
        "docker.io/evil/x",
    ),
    "a job with another's secret": (
        (nightly(image=INTRUDING, secrets={"STOLEN": "orders/database-url"})),
        "may not read",
        "orders/database-url",
    ),
    "a job whose code reads another's secret": (
        (nightly(image=INTRUDING, runtimeSecrets=["orders/database-url"])),
        "may not read",
        "orders/database-url",
    ),
    "a job that is too large": ((nightly(image=INTRUDING, cpu=8192, memory=16384)), "cpu is 8192", "8192"),
    "a job with the name of another's service": ((job("orders", image=INTRUDING)), "may not use the name", '"orders"'),
}


@pytest.mark.parametrize("title", ATTEMPTS)
def test_a_tenant_cannot_reach_the_things_of_others_through_a_job(title: str) -> None:
    manifest, message, written = ATTEMPTS[title]
    outcome = attempt({FILE: to_yaml(manifest)})
    assert any(written in line for line in outcome.lines(message)), messages(outcome.after.problems)
    outcome.check_others()


def test_a_job_of_the_same_tenant_is_accepted() -> None:
    granted = {"image": INTRUDING, "secrets": {"A": "intruder-nightly/a"}, "runtimeSecrets": ["shared/b"]}
    assert attempt({FILE: to_yaml(nightly(**granted))}).after.problems == ()
