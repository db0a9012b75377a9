"""The storage of states that an account has already, for a `bootstrap` whose own Terraform state is elsewhere."""

from collections.abc import Sequence

from desired_state.kinds.adoption import Import
from reconciler.core.environment import Environment
from reconciler.edges.aws.clients import AwsClients, AwsFailed
from reconciler.edges.state.settings import StateSettings

_ABSENT = frozenset({"404", "NoSuchBucket", "NotFoundException", "ResourceNotFoundException"})


async def existing_storage(clients: AwsClients, settings: StateSettings, environment: Environment) -> Sequence[Import]:
    """Return imports of what creating again would refuse: bucket, lock table, key and its alias, as far as they exist.

    The settings of a bucket are not among them, because AWS overwrites them. Raises: AwsFailed.
    """
    bucket = settings.bucket_in(environment)
    found: list[Import] = []
    try:
        await clients.call(environment, "s3", "list_objects_v2", Bucket=bucket, MaxKeys=1)
        found.append(Import(to="aws_s3_bucket.state", id=bucket))
    except AwsFailed as failed:
        _absent(failed)
    try:
        described = await clients.call(environment, "kms", "describe_key", KeyId=f"alias/{bucket}")
        found.append(Import(to="aws_kms_key.state", id=described["KeyMetadata"]["KeyId"]))
        found.append(Import(to="aws_kms_alias.state", id=f"alias/{bucket}"))
    except AwsFailed as failed:
        _absent(failed)
    if settings.lock_table is None:
        return found
    try:
        await clients.call(environment, "dynamodb", "describe_table", TableName=settings.lock_table)
        found.append(Import(to="aws_dynamodb_table.lock", id=settings.lock_table))
    except AwsFailed as failed:
        _absent(failed)
    return found


def _absent(failed: AwsFailed) -> None:
    if failed.code not in _ABSENT:
        raise failed
