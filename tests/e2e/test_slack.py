"""Slack as a team reads it while a daemon works: threads that open, wait for approvals, outlive a kill, close."""

import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from deploy.local.slackline import Slackline, start
from tests.e2e.daemon import Daemon, module

pytestmark = pytest.mark.aws

SECRET = "hunter2-canary-value"


@pytest.fixture
def slack(daemon: Daemon) -> Iterator[Slackline]:
    """A local Slack that the daemon is told of."""
    with start() as line:
        settings = yaml.safe_load(daemon.config.read_text())
        daemon.config.write_text(yaml.safe_dump(settings | {"slack": line.settings()}))
        yield line


def thread(slack: Slackline, about: str) -> dict[str, Any]:
    """The one thread about this; empty while there is none."""
    found = [head for head in slack.threads() if about in head["text"]]
    assert len(found) <= 1, found
    return found[0] if found else {}


def is_resolved(slack: Slackline, about: str) -> bool:
    return bool(thread(slack, about).get("text", "").startswith(":white_check_mark:"))


def test_a_plan_that_waits_for_approval_is_a_thread_until_somebody_agrees(daemon: Daemon, slack: Slackline) -> None:
    daemon.write({"alpha.yaml": module("alpha", policy="{mode: approve}", text=SECRET)})
    daemon.start()
    asks = "*develop/alpha* waits for approval: 2 to create"
    daemon.until(lambda: thread(slack, asks))
    assert thread(slack, asks)["text"].splitlines()[1:] == [
        "• create `terraform_data.first`",
        "• create `terraform_data.second`",
        "• output `output.environment`",
        "• output `output.text`",
        "See `reconciler diff develop/alpha`; agree with `reconciler approve develop/alpha`",
    ]
    assert daemon.act("alpha", "approve", digest=daemon.instance("alpha")["plan"]["digest"]) < 300
    daemon.until_settled("alpha")
    daemon.until(lambda: is_resolved(slack, asks))
    (reply,) = thread(slack, asks)["replies"]
    assert "approved by" in reply["text"]
    assert SECRET not in json.dumps(slack.transcript())


def test_a_failure_outlives_a_kill_in_one_thread_and_recovers_in_it(daemon: Daemon, slack: Slackline) -> None:
    daemon.write({"alpha.yaml": module("alpha", text=SECRET, fails=True)})
    daemon.start()
    failed = "*develop/alpha* failed (ApplyFailed)"
    daemon.until(lambda: thread(slack, failed))
    daemon.stop(signal.SIGKILL)
    slack.inject_fault("unavailable", times=2)
    daemon.write({"alpha.yaml": module("alpha", text=SECRET)})
    daemon.start()
    daemon.until_settled("alpha")
    daemon.until(lambda: is_resolved(slack, "*develop/alpha*"))
    assert len(slack.threads()) == 1
    assert SECRET not in json.dumps(slack.transcript())


def test_a_broken_manifest_is_a_thread_until_it_is_mended(daemon: Daemon, slack: Slackline) -> None:
    daemon.write({"alpha.yaml": module("alpha", text="one").replace("root: probe", f"root: probe\n  {SECRET}: 1")})
    daemon.start()
    daemon.until(lambda: thread(slack, "1 problem in the manifests (InvalidManifest)\n• `alpha.yaml:7`"))
    daemon.write({"alpha.yaml": module("alpha", text="one")})
    daemon.until(lambda: is_resolved(slack, "in the manifests"))
    assert SECRET not in json.dumps(slack.transcript())
