"""Locks that AWS refuses to write: told with their cause and a remedy, and not as held by another process."""

import pytest

from reconciler.core.vocabulary import Reason
from reconciler.edges.terraform import diagnostics
from tests.edges.terraform.test_workspace_files import messages_of

FILE = "operation error S3: PutObject, https response error StatusCode: {}, RequestID: 4, HostID: 5, api error {}"
ITEM = "operation error DynamoDB: PutItem, https response error StatusCode: 400, RequestID: 4, {}"


@pytest.mark.parametrize(
    ("detail", "remedy"),
    [
        (FILE.format(400, "KMS.NotFoundException: Key or alias 'alias/states' is not found."), "enable or restore"),
        (FILE.format(400, "KMS.DisabledException: arn:aws:kms:… is disabled."), "enable or restore the key"),
        (
            FILE.format(403, "AccessDenied: User: arn:aws:sts::1:x is not authorized to perform: kms:GenerateDataKey"),
            "kms:GenerateDataKey",
        ),
        (FILE.format(403, "AccessDenied: Access Denied"), "s3:PutObject"),
        (ITEM.format("ResourceNotFoundException: Requested resource not found"), "`reconciler bootstrap`"),
        (
            ITEM.format("api error AccessDeniedException: User: x is not authorized to perform: dynamodb:PutItem"),
            "dynamodb:PutItem",
        ),
        (ITEM.format("api error AccessDeniedException: not authorized to perform: kms:Decrypt"), "kms:Decrypt"),
    ],
)
def test_a_lock_that_aws_refuses_to_write_is_no_held_lock(detail: str, remedy: str) -> None:
    refused = {"summary": "Error acquiring the state lock", "detail": f"Error message: {detail}"}
    failed = diagnostics.failure(messages_of(refused), Reason.PLAN_FAILED)
    assert (failed.reason, failed.lock) == (Reason.PLAN_FAILED, None)
    assert remedy in failed.message.partition("Terraform could not take")[0]
