"""Stand-ins that the test files of one process use one after the other, because a new one takes seconds to start."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from deploy.local.standin import StandIn, start

DELAY = 3.0  # what `start` gives a deployment
# The tests of a file put their platforms into one account, one after the other, and leave them there.
AMPLE = {"elastic_ips": 100, "vpcs": 100}

_FREE: list[StandIn] = []
_STARTED = ExitStack()


@contextmanager
def borrowed(*, rollout_delay: float = DELAY) -> Iterator[StandIn]:
    """Lend a stand-in with an empty AWS to one `with` block at a time; the request log may hold what was before."""
    standin = _FREE.pop() if _FREE else _STARTED.enter_context(start())
    standin.reset()
    standin.set_rollout_delay(rollout_delay)
    standin.configure(quotas=AMPLE)
    try:
        yield standin
    finally:
        _FREE.append(standin)


def make_state_bucket(aws: StandIn, bucket: str, *, role_arn: str | None = None) -> None:
    """Make a bucket for states and the key that they name, as `reconciler bootstrap` does."""
    kms = aws.client("kms", role_arn=role_arn)
    kms.create_alias(AliasName=f"alias/{bucket}", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    place = {"LocationConstraint": aws.region}
    aws.client("s3", role_arn=role_arn).create_bucket(Bucket=bucket, CreateBucketConfiguration=place)


def end() -> None:
    """End them all."""
    _FREE.clear()
    _STARTED.close()
