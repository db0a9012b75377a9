"""AWS's own error is found in the provider's, and only its code says that a resource exists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.status.existing import aws_error, exists_already

V2 = "creating X (y): operation error S: Create, https response error StatusCode: 400, RequestID: 3EXf, "


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{V2}PriorityInUse: Priority '1' is currently in use", "PriorityInUse"),
        (f"{V2}api error InvalidGroup.Duplicate: The group exists", "InvalidGroup.Duplicate"),
        (f"{V2}HostID: a/b=, BucketAlreadyExists: taken", "BucketAlreadyExists"),
        (
            "operation error S: Create, https response error StatusCode: 0, RequestID: , AccessDenied: no",
            "AccessDenied",
        ),
        ("Error creating rule: PriorityInUse: in use\n\tstatus code: 400, request id: 4dcd", "PriorityInUse"),
        ("Unsupported argument: An argument named x is not expected here", None),
    ],
)
def test_the_code_of_aws_is_read_from_both_formats_of_its_sdk(text: str, code: str | None) -> None:
    found = aws_error(text)
    assert (found.code if found else None) == code
    assert found is None or text[found.start :].startswith(found.code)


@pytest.mark.parametrize(
    "said",
    [
        "EntityAlreadyExists: Role with name x already exists.",
        "ResourceAlreadyExistsException: The specified log group already exists",
        "DBInstanceAlreadyExistsFault: DB instance already exists",
        "ResourceExistsException: The operation failed because the secret x already exists.",
        "api error InvalidGroup.Duplicate: The security group 'x' already exists for VPC 'vpc-1'",
        "DuplicateTargetGroupName: A target group with the same name 'x' exists",
        "InvalidParameterException: Creation of service was not idempotent.",
        "ResourceInUseException: Table already exists: x",
        "ResourceConflictException: Function already exist: x",
    ],
)
def test_a_code_for_a_name_that_is_taken_says_that_it_exists(said: str) -> None:
    assert exists_already(V2 + said)


@pytest.mark.parametrize(
    "said",
    [
        "AccessDenied: no identity-based policy allows it for the role AlreadyExists",
        "ValidationException: the name PriorityInUse already exists in the request",
        "InvalidParameterException: a capacity provider that already exists is needed",
        "ResourceInUseException: the table is being created and already exists in part",
        "LimitExceeded: already exists 20 times",
    ],
)
def test_words_of_a_message_do_not_say_that_it_exists(said: str) -> None:
    assert not exists_already(V2 + said)


def test_without_a_code_only_a_sentence_of_the_provider_says_that_it_exists() -> None:
    assert exists_already("ELBv2 Load Balancer (develop) already exists")
    assert not exists_already("a variable of this name already exists")


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    error = aws_error(text)
    assert error is None or text[error.start :].startswith(f"{error.code}:")
    exists_already(V2 + text)
