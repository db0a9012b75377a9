"""The label with the address of the source never has its credentials."""

import pytest

from reconciler.edges.telemetry.metrics import without_userinfo


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://robot:p@ss@git.example/x.git", "https://git.example/x.git"),
        ("https://git.example/x@y.git", "https://git.example/x@y.git"),
        ("git@git.example:x.git", "git@git.example:x.git"),
        ("/srv/manifests", "/srv/manifests"),
        ("https://[broken", "https://[broken"),
    ],
)
def test_the_source_is_shown_without_credentials(url: str, shown: str) -> None:
    assert without_userinfo(url) == shown
