"""Loopback is an address of this machine or `localhost`, and no name that only looks like one."""

import pytest

from reconciler.core.access.loopback import is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["127.evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "::", "10.0.0.7", ""]
)
def test_others(host: str) -> None:
    assert not is_loopback(host)
