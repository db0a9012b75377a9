"""One stand-in for all tests of this folder, because it takes seconds to start; the first use starts it.

Contract tests open stores without any reference to AWS, so a fixture is not enough. It ends with this process.
"""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache

import pytest

from deploy.local import standin
from tests.standins import AMPLE


@cache
def the_stand_in() -> standin.StandIn:
    """Return the running stand-in."""
    stack = ExitStack()
    atexit.register(stack.close)
    found = stack.enter_context(standin.start())
    found.configure(quotas=AMPLE)
    return found


@contextmanager
def credentials() -> Iterator[None]:
    """Set the account's credentials as environment variables, but not the address, which must come from a setting."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        for name, value in the_stand_in().environment().items():
            if name != "AWS_ENDPOINT_URL":
                patch.setenv(name, value)
        yield


def make_bucket(name: str) -> None:
    """Create the bucket unless it exists."""
    s3 = the_stand_in().client("s3")
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": the_stand_in().region})
