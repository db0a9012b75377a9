"""One stand-in for all tests of this folder, because it takes seconds to start; the first that asks starts it.

Stores are opened by contract tests that know nothing of AWS, so it cannot be a fixture only. It ends with this process.
"""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache

import pytest

from deploy.local import standin


@cache
def the_stand_in() -> standin.StandIn:
    """The running stand-in."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(standin.start())


@contextmanager
def credentials() -> Iterator[None]:
    """Credentials of its account in this process's environment; its address has to come from where it is configured."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        for name, value in the_stand_in().environment().items():
            if name != "AWS_ENDPOINT_URL":
                patch.setenv(name, value)
        yield


def make_bucket(name: str) -> None:
    """Make the bucket unless it is there."""
    s3 = the_stand_in().client("s3")
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": the_stand_in().region})
