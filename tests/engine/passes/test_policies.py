"""A managed policy that the configuration lists no more: nothing is planned, and the message says what to do."""

from dataclasses import replace

import pytest

from reconciler.core.inputs.placeholder import placeholder_platform
from reconciler.core.ports.aws import PreparationFailed
from reconciler.core.vocabulary import Reason
from reconciler.engine.passes.live import run_with
from tests.core.instances import DEVELOP, SERVICE, instance

BEDROCK = "arn:aws:iam::aws:policy/AmazonBedrockReadOnly"


def test_a_policy_that_is_listed_no_more_stops_the_plan() -> None:
    found = instance(f"{SERVICE.rstrip()}\n  policies: [bedrock]")
    listed = replace(DEVELOP, policies=(("bedrock", BEDROCK),))
    run = run_with(found, listed, placeholder_platform(listed), None, None)
    assert run.variables["permissions"] == {"policies": {"bedrock": BEDROCK}}
    with pytest.raises(PreparationFailed, match="no policy bedrock is listed for the environment any more") as failed:
        run_with(found, DEVELOP, placeholder_platform(DEVELOP), None, None)
    assert failed.value.reason is Reason.INVALID_CONFIGURATION
