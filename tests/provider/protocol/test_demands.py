"""A shared process gets only calls that terraform could make, because any other could crash it and all its runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.provider.protocol import demands
from reconciler.provider.protocol.wire import MalformedMessage
from tests.provider.protocol.messages import block, configure_request, packed, prepare_request, resource_request

NULL = block(1, packed(None))


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("PrepareProviderConfig", prepare_request({"region": "x"})),
        ("Configure", configure_request({"region": "x"})),
        ("ValidateResourceTypeConfig", block(1, b"aws_one") + block(2, NULL)),
        ("UpgradeResourceState", block(1, b"aws_one") + block(3, b"\x0a\x02{}")),
        ("GetSchema", b""),
        ("NoSuchMethod", b"\xff"),
    ],
)
def test_calls_before_configure_pass_with_their_values(method: str, request_: bytes) -> None:
    demands.check(method, request_, configured=False)


@given(kept=st.sets(st.sampled_from([2, 3, 4])))
def test_a_change_needs_all_of_its_values(kept: set[int]) -> None:
    request = block(1, b"aws_one") + b"".join(block(field, NULL) for field in sorted(kept))
    missing = sorted({2, 3, 4} - kept)
    if not missing:
        demands.check("ApplyResourceChange", request, configured=True)
        return
    with pytest.raises(MalformedMessage, match=f"ApplyResourceChange lacks the value in field {missing[0]}"):
        demands.check("ApplyResourceChange", request, configured=True)


@pytest.mark.parametrize("request_", [b"", b"\xff\xff", block(1, b"")], ids=["nothing", "garbage", "an empty value"])
def test_a_missing_configuration_is_malformed(request_: bytes) -> None:
    with pytest.raises(MalformedMessage):
        demands.check("PrepareProviderConfig", request_, configured=False)


@pytest.mark.parametrize("method", ["ReadResource", "PlanResourceChange", "ApplyResourceChange"])
def test_calls_that_reach_aws_need_a_configured_connection(method: str) -> None:
    demands.check(method, resource_request(b"aws_one"), configured=True)
    with pytest.raises(demands.NotConfigured, match="before Configure"):
        demands.check(method, resource_request(b"aws_one"), configured=False)
