"""The pure parts of running Terraform: backend files, command lines, environment variables, and diagnostics."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import hcl2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.ports.terraform import LockInfo
from reconciler.core.vocabulary import Reason
from reconciler.edges.state.settings import StateSettings
from reconciler.edges.terraform import diagnostics
from reconciler.edges.terraform.commands import Commands
from reconciler.edges.terraform.environ import process_environment
from reconciler.edges.terraform.hcl import backend, quote

ORDERS = Key("prod", "orders")
PROD = Environment("prod", "prod", "123456789012", "eu-central-1", role="arn:aws:iam::123456789012:role/deploy")


def test_the_backend_names_bucket_key_locks_and_role() -> None:
    text = backend(StateSettings(prefix="team/", kms_key_id="alias/state"), ORDERS, PROD)
    assert text.splitlines() == [
        'bucket = "reconciler-state-123456789012-eu-central-1"',
        'key = "team/prod/orders/terraform.tfstate"',
        'region = "eu-central-1"',
        "encrypt = true",
        "use_lockfile = true",
        'dynamodb_table = "reconciler-locks"',
        'kms_key_id = "alias/state"',
        'assume_role = { role_arn = "arn:aws:iam::123456789012:role/deploy", session_name = "reconciler" }',
    ]


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        (None, ["encrypt = true", 'kms_key_id = "alias/states-123456789012"']),
        ("alias/state-{region}", ["encrypt = true", 'kms_key_id = "alias/state-eu-central-1"']),
        ("default", ["encrypt = false"]),
    ],
    ids=["the key that bootstrap makes", "a key per region", "the default of the bucket"],
)
def test_a_state_names_its_key_or_nothing_at_all(asked: str | None, written: list[str]) -> None:
    """With `encrypt` alone Terraform asks for S3's own keys, which S3 puts above the bucket's default."""
    text = backend(StateSettings(bucket="states-{account}", kms_key_id=asked), ORDERS, PROD)
    assert [line for line in text.splitlines() if line.startswith(("encrypt", "kms"))] == written


def test_another_endpoint_is_used_with_path_style_and_without_aws_checks() -> None:
    local = Environment("develop", "develop", "123456789012", "eu-central-1", endpoint="http://127.0.0.1:5000")
    text = backend(StateSettings(lock_table=None), ORDERS, local)
    assert "use_path_style = true" in text
    assert "dynamodb_table" not in text
    assert process_environment({}, Path("rc"), local)["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5000"


@pytest.mark.parametrize("value", ['${file("/etc/passwd")}', "%{ if true }", "a\nb", "a\0b"])
def test_a_value_that_hcl_could_evaluate_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"template|printed"):
        backend(StateSettings(bucket=value), ORDERS, PROD)


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=30).filter(str.isprintable))
def test_a_quoted_value_is_read_back_as_it_was(value: str) -> None:
    try:
        quoted = quote(value)
    except ValueError:
        assert "${" in value or "%{" in value
    else:
        assert json.loads(quoted) == value


def test_a_quoted_value_is_one_attribute_for_an_hcl_parser() -> None:
    document = hcl2.loads(f"x = {quote('; rm -rf / # }')}\n")
    assert list(document) == ["x"]


def test_command_lines_never_prompt_and_wait_for_locks() -> None:
    commands = Commands("/usr/bin/terraform", timedelta(seconds=30))
    assert list(commands.plan(Path("p"), variables="v.json", destroy=False)) == [
        *("/usr/bin/terraform", "plan", "-json", "-input=false", "-detailed-exitcode", "-lock-timeout=30s"),
        *("-var-file=v.json", "-out=p"),
    ]
    assert "-destroy" in commands.plan(Path("p"), variables="v.json", destroy=True)
    assert list(commands.apply(Path("p")))[1:] == ["apply", "-json", "-input=false", "-lock-timeout=30s", "p"]
    assert "-backend-config=b" in commands.init(Path("b"), provider_lock=True)
    assert not [option for option in commands.init(None, provider_lock=False) if "backend" in option]


def test_a_state_file_in_the_daemons_directory_is_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "terraform.tfstate").write_text("this would not parse")
    monkeypatch.chdir(tmp_path)
    assert Commands("terraform", timedelta(0)).pull() == ("terraform", "state", "pull")


def test_the_environment_is_an_allow_list() -> None:
    base = {"PATH": "/bin", "AWS_PROFILE": "p", "TF_VAR_x": "1", "TF_LOG": "TRACE", "TF_CLI_ARGS": "-x", "TOKEN": "t"}
    assert process_environment({**base, "TF_CLI_CONFIG_FILE": "theirs"}, Path("ours"), PROD) == {
        "PATH": "/bin",
        "AWS_PROFILE": "p",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": "ours",
    }


def messages_of(*errors: dict[str, Any], failed: Mapping[str, str] | None = None) -> diagnostics.Messages:
    """Return the messages of a run with these errors. `failed` are addresses with what was to be done to them."""
    lines: list[dict[str, Any]] = [
        {"type": "apply_errored", "hook": {"resource": {"addr": address}, "action": action}}
        for address, action in (failed or {}).items()
    ]
    lines += [{"type": "diagnostic", "diagnostic": {"severity": "error", "detail": "", **error}} for error in errors]
    return diagnostics.read("\n".join(json.dumps(line) for line in lines))


LOCKED = """ConditionalCheckFailedException: The conditional request failed
Lock Info:
  ID:        4a8e9d1c-0000-4000-8000-000000000000
  Path:      bucket/prod/orders/terraform.tfstate
  Operation: OperationTypeApply
  Who:       jane@laptop
  Version:   1.11.4
  Created:   2026-11-25 01:00:00 UTC
  Info:      \n"""
HERE = {"filename": "main.tf", "start": {"line": 7}}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"summary": "Error acquiring the state lock", "detail": "unreadable"}, Reason.STATE_LOCKED),
        ({"summary": "Saved plan is stale"}, Reason.STATE_CONFLICT),
        ({"summary": "Failed to save state"}, Reason.STATE_CONFLICT),
        ({"summary": "state data in S3 does not have the expected content."}, Reason.STATE_LOST),
        ({"summary": "Unsupported argument", "range": HERE}, Reason.INVALID_CONFIGURATION),
        ({"summary": "creating ECS Service", "range": HERE, "address": "aws_ecs_service.this"}, Reason.APPLY_FAILED),
        ({"summary": "No valid credential sources found"}, Reason.APPLY_FAILED),
    ],
)
def test_every_failure_has_one_reason(error: dict[str, Any], reason: Reason) -> None:
    assert diagnostics.failure(messages_of(error), Reason.APPLY_FAILED).reason is reason


def test_the_holder_of_a_lock_is_read() -> None:
    failed = diagnostics.failure(
        messages_of({"summary": "Error acquiring the state lock", "detail": LOCKED}), Reason.PLAN_FAILED
    )
    assert failed.lock == LockInfo(
        "4a8e9d1c-0000-4000-8000-000000000000", "jane@laptop", "OperationTypeApply", "2026-11-25 01:00:00 UTC"
    )
    assert "locked by jane@laptop since 2026-11-25" in failed.message


def test_an_unreadable_lock_is_reported_with_the_remedy() -> None:
    unreadable = {"summary": "Error acquiring the state lock", "detail": "unexpected end of JSON input"}
    failed = diagnostics.failure(messages_of(unreadable), Reason.PLAN_FAILED)
    assert failed.lock is None
    assert "unexpected end of JSON input; no holder is named" in failed.message
    assert "delete `<state>.tflock` by hand" in failed.message


def test_checksums_of_another_platform_are_reported_with_the_command_that_adds_this_one() -> None:
    found = (
        "Error while installing hashicorp/aws v5.100.0: the local package for registry/hashicorp/aws 5.100.0 doesn't "
        "match any of the checksums previously recorded in the dependency lock file (this might be because the "
        "available checksums are for packages targeting different platforms)"
    )
    failed = diagnostics.failure(
        messages_of({"summary": "Failed to install provider", "detail": found}), Reason.INIT_FAILED
    )
    assert failed.reason is Reason.INIT_FAILED
    assert "hashicorp/aws v5.100.0" in failed.message
    assert re.search(r"this is (\w+): .*`terraform providers lock -platform=\1`", failed.message)


def test_messages_are_short_name_the_place_and_omit_consequences() -> None:
    errors = [
        {"summary": f"failed {number}", "address": f"aws_x.y{number}", "detail": "d" * 5000} for number in range(5)
    ]
    message = diagnostics.failure(messages_of(*errors, {"summary": "execution halted"}), Reason.APPLY_FAILED).message
    assert message.startswith("aws_x.y0: failed 0: ddd")
    assert message.endswith(" and 2 more")
    assert "halted" not in message
    assert len(message) < 1300


@pytest.mark.parametrize(
    ("address", "detail"),
    [
        (
            "aws_iam_role.task",
            "StatusCode: 409, RequestID: 3EXf, EntityAlreadyExists: Role with name develop-orders-task already exists.",
        ),
        ("aws_ecs_service.this", "RequestID: 1, InvalidParameterException: Creation of service was not idempotent."),
        ("aws_lb_target_group.this[0]", "ELBv2 Target Group (develop-orders) already exists"),
        ("aws_s3_bucket.this", "BucketAlreadyOwnedByYou: you own it status code: 409, request id: 1, host id: 2"),
    ],
)
def test_an_existing_resource_is_reported_with_its_address_and_the_remedy(address: str, detail: str) -> None:
    errors = [{"summary": "creating it", "detail": detail, "address": address, "range": HERE}]
    errors.append({"summary": "another error", "address": "aws_vpc.this", "range": HERE})
    message = diagnostics.failure(messages_of(*errors, failed={address: "create"}), Reason.APPLY_FAILED).message
    assert f"In AWS, but not in the state: {address}. If an interrupted apply" in message
    assert "import it" in message
    updated = messages_of(*errors, failed={address: "update"})
    assert "In AWS" not in diagnostics.failure(updated, Reason.APPLY_FAILED).message


PRIORITY = (
    "updating ELB v2 Listener Rule (arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener-rule/app/develop/"
    "3a5b5036b9b50ef7/1ad3ebb062c4a50c/485859966c03dfbc): setting priority: operation error Elastic Load Balancing v2: "
    "SetRulePriorities, https response error StatusCode: 400, RequestID: 1cH6IMBKihDPbkSEgtQmKQ63oxKS1nrTgOr9eHetUQv0, "
    "PriorityInUse: Priority '12' is currently in use"
)


@given(st.integers(0, 3000), st.integers(0, 3000))
@example(0, 0)
@example(500, 0)
def test_the_error_of_aws_is_never_cut_off(before: int, after: int) -> None:
    """A service that takes the priority of another one is told why, whatever stands around it (case 02)."""
    address = 'module.service.aws_lb_listener_rule.this["0"]'
    error = {
        "summary": f"{'retrying ' * (before // 9)}{PRIORITY}",
        "detail": "more " * (after // 5),
        "address": address,
        "range": HERE,
    }
    message = diagnostics.failure(messages_of(error, failed={address: "update"}), Reason.APPLY_FAILED).message
    assert "PriorityInUse: Priority '12' is currently in use" in message
    assert message.startswith(f"{address}: ")
    assert "In AWS, but not in the state" not in message
    assert len(message) < 900


def test_a_long_text_without_json_begins_with_its_error() -> None:
    text = "Initializing the backend...\n" * 40 + "│ Error: Failed to get state\n│ " + "so " * 200 + "NoSuchBucket"
    message = diagnostics.failure(diagnostics.read("", text), Reason.PLAN_FAILED).message
    assert message.startswith("Error: Failed to get state")
    assert message.endswith("NoSuchBucket")


def test_a_crash_without_json_is_reported() -> None:
    crash = diagnostics.read("panic: oh no\n", "\x1b[31m╷\n│ Error: broken\n╵")
    assert diagnostics.failure(crash, Reason.PLAN_FAILED).message == "panic: oh no Error: broken"
    assert diagnostics.failure(diagnostics.read(""), Reason.PLAN_FAILED).message


def test_an_interrupt_from_outside_is_not_a_configuration_error() -> None:
    log = json.dumps({"type": "log", "@message": "\nInterrupt received.\nPlease wait…"})
    assert diagnostics.failure(diagnostics.read(log), Reason.PLAN_FAILED).reason is Reason.INTERRUPTED


@pytest.mark.parametrize(
    "error",
    [
        {"summary": "Invalid resource type", "detail": "The provider hashicorp/aws does not support resource type x."},
        {"summary": "Plugin did not respond", "detail": "The plugin encountered an error"},
        {"summary": "Failed to load plugin schemas"},
    ],
)
def test_a_failure_of_the_provider_process_is_marked_as_provider_lost(error: dict[str, Any]) -> None:
    assert diagnostics.failure(messages_of(error), Reason.PLAN_FAILED).provider_lost


@given(st.text(max_size=200))
def test_no_output_breaks_the_reader(output: str) -> None:
    diagnostics.failure(diagnostics.read(output, output), Reason.PLAN_FAILED)


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2)))
def test_no_json_breaks_the_reader(value: object) -> None:
    shapes = ({"type": "diagnostic", "diagnostic": value}, {"type": "outputs", "outputs": value}, value)
    odd = {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": "s", "range": value, "address": value}}
    diagnostics.failure(diagnostics.read("\n".join(map(json.dumps, (*shapes, odd)))), Reason.PLAN_FAILED)
