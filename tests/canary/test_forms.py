"""The forms that secrets take, through plan, diff, drift report, API, commands, log, record and Slack; and the values
that stay readable there.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import structlog

from reconciler.core.plan.read import read
from reconciler.core.ports.control import Approve
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.vocabulary import Reason
from tests.canary.canaries import KEY, Blind
from tests.canary.daemon import ALPHA, MANIFEST, CanaryDaemon, revision
from tests.canary.forms import forms
from tests.canary.harmless import HARMLESS
from tests.canary.inputs import ANN, until_drifted
from tests.canary.terraform import Outside
from tests.core.documents import change, document

FORMS = forms()
IN_GIT = {
    "LOG_LEVEL": "chatty-as-git-says",
    "DB_PASS": "k4-although-git-has-it",
    "URL": "https://a:k4-in-git@b.example",
}
BY_HAND = {"LOG_LEVEL": "k4-set-by-hand", "OTHER": "k4-nowhere-in-git"}
MANIFEST_WITH_VARIABLES = MANIFEST.replace("{text: one}", json.dumps({"text": {"env": IN_GIT}}))


def container(environment: Mapping[str, str]) -> dict[str, Any]:
    entries = [{"name": name, "value": value} for name, value in environment.items()]
    return {"container_definitions": json.dumps([{"name": "app", "environment": entries}])}


def planned() -> Mapping[str, Any]:
    """Return a plan that removes every form again after it was set by hand."""
    repaired, moved = [], []
    for number, form in enumerate(FORMS.values()):
        address, nothing = f"aws_thing.f{number}", dict.fromkeys(form.attributes)
        repaired.append(change(address, ["update"], form.attributes, nothing))
        moved.append(change(address, ["update"], nothing, form.attributes))
    task = change("aws_ecs_task_definition.this", ["update"], container(BY_HAND), container(IN_GIT))
    return document(*repaired, task, drift=moved)


async def outputs_of(redactor: Redactor, folder: Path) -> str:
    """Return all that a daemon writes while every form drifts, cannot be repaired, and is logged."""
    plan = planned()
    outside = Outside(lambda: revision(MANIFEST_WITH_VARIABLES), lambda: plan, author="ann")
    daemon = CanaryDaemon(folder, redactor, outside)

    def fails() -> Mapping[str, Any]:
        raise TerraformFailed(Reason.APPLY_FAILED, "; ".join(json.dumps(form.attributes) for form in FORMS.values()))

    async with daemon.running():
        await until_drifted(daemon, ())
        outside.applied = fails
        await daemon.until(lambda: daemon.record and daemon.record.reason == Reason.AWAITING_APPROVAL)
        assert daemon.record
        assert daemon.record.plan
        await daemon.control.act(ALPHA, Approve(daemon.record.plan.digest), by=ANN)
        await daemon.until(lambda: daemon.record and daemon.record.failures)
        for form in FORMS.values():
            written = json.dumps(form.attributes)
            structlog.get_logger().info("set", attributes=form.attributes, text=written, shown=str(form.attributes))
        outputs = await daemon.outputs()
    assert [name for name in outputs if name.endswith(".md")], "a drift report was written"
    return b"\n".join(outputs.values()).decode()


async def test_no_output_holds_a_secret_in_any_form(tmp_path: Path) -> None:
    shown = await outputs_of(Redactor(KEY), tmp_path)
    assert len(FORMS) >= 98
    assert not [name for name, form in FORMS.items() if form.seen_in(shown)]
    assert "k4-" not in shown.replace(json.dumps(MANIFEST_WITH_VARIABLES), "")
    assert IN_GIT["LOG_LEVEL"] in shown


async def test_without_redaction_the_outputs_hold_every_form(tmp_path: Path) -> None:
    shown = await outputs_of(Blind(), tmp_path)
    assert not [name for name, form in FORMS.items() if not form.seen_in(shown)]


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_hidden_in_plans_texts_and_slack(name: str) -> None:
    redactor, form = Redactor(KEY), FORMS[name]
    plan = read(document(change("aws_thing.this", ["create"], None, form.attributes)), redactor)
    written = json.dumps(form.attributes)
    for text in (written, json.dumps(written), str(form.attributes)):
        assert not form.seen_in(redactor.text(text)), text
    assert not form.seen_in(repr(plan))
    assert "redacted:" in repr(plan)


@pytest.mark.parametrize(("name", "value"), HARMLESS, ids=str)
def test_a_value_that_is_no_secret_stays_readable(name: str, value: Any) -> None:
    redactor = Redactor(KEY)
    assert redactor.value({name: value}) == {name: value}
    answer = {"attributes": {name: {"old": None, "new": value, "redacted": False}}}
    assert redactor.value(answer) == answer, "the API redacts once more"
    plan = read(document(change("aws_thing.this", ["create"], None, {name: value})), redactor)
    assert "redacted:" not in repr(plan)
    if not isinstance(value, list):  # a text that quotes pairs of name and value hides the values
        for text in (f"{name}={value}", f"{name}: {value}", f"{name} = {json.dumps(value)}", json.dumps({name: value})):
            assert redactor.text(text) == text


def test_the_harmless_values_are_many() -> None:
    assert len(HARMLESS) >= 60
