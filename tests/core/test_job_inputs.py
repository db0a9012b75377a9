"""The variables of a job's root: every field of a manifest reaches them, and the root declares every one of them."""

from typing import Any

import pytest

from desired_state.kinds.job import JobSpec
from reconciler.core.inputs.placeholder import placeholder_platform
from reconciler.core.inputs.variables import said_in_git, variables
from tests.core.instances import DEVELOP, instance
from tests.core.test_inputs import NO_INPUT
from tests.terraform.configuration import PROJECT, blocks

JOB = """
apiVersion: reconciler/v1
kind: Job
metadata: {name: report, labels: {team: payments}}
spec:
  environments: [develop]
"""
FIELDS = {
    "image": "{service: orders, tag: '1'}",
    "cpu": "256",
    "memory": "512",
    "env": "{LEVEL: info}",
}
# One change per field, as the manifest writes it. A new field needs a row here.
CHANGES = {
    "image": "{repository: ghcr.io/acme/tool, digest: 'sha256:" + "0a" * 32 + "'}",
    "command": "[node, report.js]",
    "runtime": "nodejs",
    "cpu": "512\n  memory: 1024",
    "memory": "1024",
    "env": "{LEVEL: debug}",
    "secrets": "{DATABASE_URL: report/database}",
    "runtime_secrets": "[report/mail]",
    "schedule": "{rate: 1h}",
    "timeout": "2h",
    "retries": "2",
    "concurrency": "allow",
}
CAMEL = {"runtime_secrets": "runtimeSecrets"}


def job_inputs(**changes: str) -> dict[str, Any]:
    """Return the variables of the job with these fields."""
    written = FIELDS | {CAMEL.get(name, name): text for name, text in changes.items()}
    if "\n" in written["cpu"]:
        del written["memory"]
    found = instance(JOB + "".join(f"  {name}: {text}\n" for name, text in written.items()))
    return dict(variables(found, DEVELOP, platform=placeholder_platform(DEVELOP), image=None))


def test_the_table_has_every_field_of_a_job() -> None:
    assert set(CHANGES) | NO_INPUT == set(JobSpec.model_fields)


@pytest.mark.parametrize("field", CHANGES)
def test_every_field_of_a_job_reaches_its_root(field: str) -> None:
    assert job_inputs(**{field: CHANGES[field]}) != job_inputs()


def test_the_root_declares_every_variable_that_it_is_given() -> None:
    declared = blocks(PROJECT / "terraform/roots/job", "variable")
    assert set(declared) == set(job_inputs())


def test_a_job_needs_its_platform_and_its_variables_in_the_open_are_those_of_git() -> None:
    found = instance(JOB + "".join(f"  {name}: {text}\n" for name, text in FIELDS.items()))
    with pytest.raises(ValueError, match="develop/report needs the outputs of its platform"):
        variables(found, DEVELOP, platform=None, image=None)
    assert said_in_git(found)[0] == {"env": {"LEVEL": "info"}}
