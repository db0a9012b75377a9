"""AWS clients for calls of the tests to the stand-in."""

import pytest
from botocore.config import Config

from deploy.local import standin
from reconciler.edges.aws.clients import AwsClients
from tests.patience import PATIENCE

ONCE = Config(connect_timeout=PATIENCE, read_timeout=PATIENCE, retries={"mode": "standard", "total_max_attempts": 1})


def caller(monkeypatch: pytest.MonkeyPatch) -> AwsClients:
    """Return clients with the stand-in's credentials and without retries; the caller closes them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", standin.ACCESS_KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", standin.SECRET_ACCESS_KEY)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    return AwsClients(settings=ONCE)
