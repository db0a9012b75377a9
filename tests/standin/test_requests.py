"""Requests are read and checked by AWS's own models: what botocore writes is read back, what breaks a model is refused.

Each refusal carries the code that the service documents, in the shape of its protocol, so that a client finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import JSONFileLoader
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model

from deploy.local.standin import ACCESS_KEY_ID, SECRET_ACCESS_KEY, StandIn
from deploy.local.standin.requests import check, models, read
from tests.standin import wire_requests

# A service or two for each protocol: json, query, ec2, rest-xml, rest-json.
SERVICES = ("ecs", "iam", "ec2", "s3", "route53", "codestar-notifications")
READ_FILE = JSONFileLoader.load_file  # as it is before tests share what it reads
TRUST = '{"Version": "2012-10-17", "Statement": []}'

# protocol and kind of problem: service, operation, parameters, error code, part of the message
BROKEN: dict[str, tuple[str, str, dict[str, Any], str, str]] = {
    "json: missing": ("ecs", "create_service", {}, "InvalidParameterException", "Value null at 'serviceName'"),
    "json: enumeration": (
        "ecs", "create_service", {"serviceName": "a", "launchType": "NOPE"}, "InvalidParameterException",
        "'launchType' failed to satisfy constraint: Member must satisfy enum value set: [EC2, FARGATE",
    ),
    "json: type": (
        "ecs", "create_service", {"serviceName": "a", "desiredCount": "two"}, "SerializationException",
        "'desiredCount' can not be converted to integer",
    ),
    "json: pattern": (
        "logs", "create_log_group", {"logGroupName": "a b"}, "InvalidParameterException", "regular expression pattern",
    ),
    "json: nested": (
        "ecs", "tag_resource", {"resourceArn": "a", "tags": [{"key": "k" * 129}]}, "InvalidParameterException",
        "at 'tags.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 128",
    ),
    "query: length": (
        "iam", "create_role", {"RoleName": "a" * 65, "AssumeRolePolicyDocument": TRUST}, "ValidationError",
        "Member must have length less than or equal to 64",
    ),
    "query: range": (
        "elbv2", "create_rule", {"ListenerArn": "a", "Priority": 50001, "Conditions": [], "Actions": []},
        "ValidationError", "'Priority' failed to satisfy constraint: Member must have value less than or equal to 50000"
    ),
    "query: unicode class": (
        "iam", "create_role",
        {"RoleName": "a", "AssumeRolePolicyDocument": TRUST, "Tags": [{"Key": "é#", "Value": ""}]},
        "ValidationError", "at 'Tags.1.member.Key'",
    ),
    "ec2: missing": (
        "ec2", "create_subnet", {"CidrBlock": "10.0.0.0/24"}, "MissingParameter", "must contain the parameter VpcId",
    ),
    "ec2: enumeration": (
        "ec2", "create_flow_logs", {"ResourceIds": ["a"], "ResourceType": "vpc"}, "InvalidParameterValue", "[VPC, ",
    ),
    "rest-xml: enumeration": (
        "s3", "put_bucket_versioning", {"Bucket": "abc", "VersioningConfiguration": {"Status": "On"}}, "MalformedXML",
        "did not validate against our published schema",
    ),
    "rest-xml: header": (
        "s3", "put_object", {"Bucket": "abc", "Key": "k", "ServerSideEncryption": "none"}, "InvalidArgument",
        "'ServerSideEncryption'",
    ),
    "rest-xml: missing": (
        "route53", "create_hosted_zone", {"Name": "example.org"}, "InvalidInput", "Value null at 'CallerReference'",
    ),
    "rest-json: missing": (
        "codestar-notifications", "create_notification_rule", {"Name": "a"}, "ValidationException",
        "4 validation errors detected",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_request_that_breaks_the_model_is_refused(standin: StandIn, case: str) -> None:
    service, operation, parameters, code, message = BROKEN[case]
    with pytest.raises(ClientError) as refused:
        getattr(_unchecking(standin, service), operation)(**parameters)
    assert refused.value.response["Error"]["Code"] == code
    assert message in refused.value.response["Error"]["Message"]


# protocol: service, operation, parameters, what is added to the body, error code
ADDED: dict[str, tuple[str, str, dict[str, Any], Callable[[Any], Any], str]] = {
    "json": ("ecs", "list_clusters", {}, lambda body: b'{"maxResult": 5}', "InvalidParameterException"),
    "query": ("iam", "list_roles", {}, lambda body: body | {"Prefix": "/"}, "ValidationError"),
    "ec2": ("ec2", "describe_vpcs", {}, lambda body: body | {"Filter.1.Nome": "a"}, "UnknownParameter"),
    "rest-xml": (
        "s3", "put_bucket_versioning", {"Bucket": "abc", "VersioningConfiguration": {"Status": "Enabled"}},
        lambda body: body.replace(b"<Status>", b"<Mode>Enabled</Mode><Status>"), "MalformedXML",
    ),
    "rest-json": (
        "codestar-notifications", "list_notification_rules", {}, lambda body: b'{"Filter": []}', "ValidationException",
    ),
}  # fmt: skip


@pytest.mark.parametrize("protocol", ADDED)
def test_an_unknown_member_is_refused(standin: StandIn, protocol: str) -> None:
    """Check what AWS itself mostly ignores: a parameter without effect is a fault of the caller."""
    service, operation, parameters, add, code = ADDED[protocol]
    client = _unchecking(standin, service)

    def change(params: dict[str, Any], **_: Any) -> None:
        params["body"] = add(params["body"])

    client.meta.events.register("before-call", change)
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)(**parameters)
    assert refused.value.response["Error"]["Code"] == code


@pytest.fixture
def _own_models(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Read the models anew: a client of boto3 changes the addresses in S3's, and tests share what they read."""
    caches = (get_service_model, get_service_router, models.service_model)
    monkeypatch.setattr(JSONFileLoader, "load_file", READ_FILE)
    for each in caches:
        each.cache_clear()
    yield
    for each in caches:
        each.cache_clear()


@pytest.mark.usefixtures("_own_models")
@pytest.mark.parametrize("service", SERVICES)
def test_a_request_is_read_as_botocore_wrote_it(service: str) -> None:
    others = 0
    for operation in wire_requests.operations(service):
        written = wire_requests.parameters(operation.input_shape)
        request, call = wire_requests.request(operation, written)
        reading = read(request, call)
        assert reading is not None, operation.name
        if reading.model.name != operation.name:  # S3 has operations that differ in nothing but the host or a header
            others += 1
            continue
        reading.parameters.pop("ContentLength", None)  # counted by botocore
        assert (reading.parameters, reading.problems) == (written, ()), operation.name
    assert others <= (10 if service == "s3" else 0)


def test_every_missing_member_is_found() -> None:
    for operation in wire_requests.operations("ecs"):
        required = operation.input_shape.required_members
        reading = read(*wire_requests.request(operation, {}))
        refused = check(reading) if reading else None
        assert (refused is None) == (not required), operation.name
        assert all(f"Value null at '{name}'" in refused.message for name in required if refused)


def test_a_sensitive_value_is_not_repeated() -> None:
    (operation,) = (each for each in wire_requests.operations("secretsmanager") if each.name == "CreateSecret")
    reading = read(*wire_requests.request(operation, {"Name": "a", "SecretString": "hush" * 20_000}))
    assert reading is not None
    refused = check(reading)
    assert refused is not None
    assert "hush" not in refused.message


def _unchecking(standin: StandIn, service: str) -> Any:
    """Return a client that sends what it is given, as an SDK in another language would."""
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=False, s3={"addressing_style": "path"})
    session = boto3.Session(ACCESS_KEY_ID, SECRET_ACCESS_KEY, region_name="eu-central-1")
    return session.client(service, endpoint_url=standin.endpoint, config=config)  # type: ignore[call-overload]
