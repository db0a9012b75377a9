"""Errors of Terraform and its providers: no message holds a secret, at whatever length it is cut."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reconciler.core.redaction import known_secrets
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.vocabulary import Reason
from reconciler.edges.terraform import diagnostics
from tests.canary.canaries import KEY, Blind, Canary, canaries_for
from tests.core.documents import change, document

CANARIES = canaries_for("errors of Terraform")
each_shape = pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.shape)
Output = Callable[[Canary, str], tuple[str, str]]


def diagnostic(canary: Canary, filler: str) -> tuple[str, str]:
    found = {
        "severity": "error",
        "summary": "creating Thing",
        "detail": filler + canary.quoted,
        "address": "aws_thing.a",
    }
    return json.dumps({"type": "diagnostic", "diagnostic": found}), ""


def crash(canary: Canary, filler: str) -> tuple[str, str]:
    return "", f"panic: {filler}{canary.quoted}"


def lock(canary: Canary, filler: str) -> tuple[str, str]:
    shown = canary.quoted.replace("\n", " ")
    info = f"Lock Info:\n  ID:        1111\n  Who:       {shown}\n  Operation: {filler}{shown}\n"
    found = {"severity": "error", "summary": "Error acquiring the state lock", "detail": info}
    return json.dumps({"type": "diagnostic", "diagnostic": found}), ""


FORMS: Mapping[str, Output] = {"diagnostic": diagnostic, "crash": crash, "lock": lock}


def message(redactor: Redactor, output: tuple[str, str], *known: str) -> bytes:
    failed = diagnostics.failure(
        diagnostics.read(*output), Reason.APPLY_FAILED, redact=lambda text: redactor.text(text, *known)
    )
    return f"{failed.message} {failed.lock}".encode()


@each_shape
@pytest.mark.parametrize("form", FORMS)
def test_no_message_holds_a_secret_at_any_length(canary: Canary, form: str) -> None:
    for length in range(250, 400, 3):
        shown = message(Redactor(KEY), FORMS[form](canary, "word " * (length // 5) + "-" * (length % 5)))
        assert not canary.seen_in({form: shown}), shown


@each_shape
@pytest.mark.parametrize("form", FORMS)
def test_without_redaction_the_message_holds_it(canary: Canary, form: str) -> None:
    assert canary.seen_in({form: message(Blind(), FORMS[form](canary, ""))})


@each_shape
def test_an_error_that_quotes_a_value_is_redacted_when_the_plan_marks_the_value(canary: Canary) -> None:
    """Redact a value that only the plan marks as a secret."""
    quoted = json.dumps({
        "type": "diagnostic",
        "diagnostic": {"severity": "error", "summary": f"invalid value {json.dumps(canary.value)}", "address": "a.b"},
    })  # fmt: skip
    for plan in (marked_attribute(canary.value), marked_variable(canary.value), marked_output(canary.value)):
        known = known_secrets.of_plan(plan)
        assert canary.value in known
        assert not canary.seen_in({"error": message(Redactor(KEY), (quoted, ""), *known)})
    named = known_secrets.of_inputs({"databases": [{"master_password": canary.value}]})
    assert not canary.seen_in({"error": message(Redactor(KEY), (quoted, ""), *named)})


def test_an_error_that_quotes_an_unmarked_random_value_holds_it() -> None:
    (plain,) = (canary for canary in CANARIES if canary.shape == "random")
    quoted = json.dumps({"type": "diagnostic", "diagnostic": {"severity": "error", "summary": plain.value}})
    assert plain.seen_in({"error": message(Redactor(KEY), (quoted, ""))})


def marked_attribute(value: str) -> dict[str, Any]:
    hidden = {"nested": [{"pin": True}]}
    return document(change("a.b", ["create"], None, {"nested": [{"pin": value}]}, hidden_after=hidden))


def marked_variable(value: str) -> dict[str, Any]:
    declared = {"root_module": {"variables": {"pin": {"sensitive": True}, "open": {}}}}
    return document() | {"configuration": declared, "variables": {"pin": {"value": value}, "open": {"value": "x"}}}


def marked_output(value: str) -> dict[str, Any]:
    moved = {"actions": ["create"], "before": None, "after": {"a": value}, "after_sensitive": True}
    return document() | {"output_changes": {"pin": moved}}
