"""Step Functions: the check of a definition before a state machine is made, and the list of its versions afterwards.

The AWS provider asks for both. moto has a parser of the Amazon States Language, and no operation that only checks. A
state machine of ours has no version: none is published. Source: API reference, ValidateStateMachineDefinition and
ListStateMachineVersions.
"""

from __future__ import annotations

import json
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.models import stepfunctions_backends
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser, ASLParserException
from moto.stepfunctions.responses import StepFunctionResponse

from deploy.local.standin.patches.patch import Invocation, Patch


def validate_state_machine_definition(invocation: Invocation) -> Any:
    found = [{"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": text} for text in _errors(invocation)]
    return ActionResult({"result": "FAIL" if found else "OK", "diagnostics": found, "truncated": False})


def list_state_machine_versions(invocation: Invocation) -> Any:
    backend = stepfunctions_backends[invocation.account][invocation.region]
    machine = backend.describe_state_machine(invocation.parameter("stateMachineArn"))
    return ActionResult(
        {"stateMachineVersions": [{"stateMachineVersionArn": one.arn} for one in machine.versions.values()]}
    )


def _errors(invocation: Invocation) -> list[str]:
    definition = invocation.parameter("definition")
    try:
        machine = json.loads(definition)
        AmazonStateLanguageParser.parse(definition)
    except (ASLParserException, ValueError) as error:
        return [str(error)]
    states = machine.get("States", {})
    named = {machine.get("StartAt"), *(name for state in states.values() for name in _next_of(state))}
    return [f"there is no state {name}" for name in sorted(map(str, named - states.keys() - {None}))]


def _next_of(state: dict[str, Any]) -> list[Any]:
    branches = [*state.get("Catch", ()), *state.get("Choices", ())]
    return [state.get("Next"), state.get("Default"), *(branch.get("Next") for branch in branches)]


PATCHES = (
    Patch(
        "states",
        "ValidateStateMachineDefinition",
        "not implemented; the AWS provider asks before it makes a state machine",
        StepFunctionResponse,
        validate_state_machine_definition,
    ),
    Patch(
        "states",
        "ListStateMachineVersions",
        "not implemented; the AWS provider reads the versions of each state machine",
        StepFunctionResponse,
        list_state_machine_versions,
    ),
)
