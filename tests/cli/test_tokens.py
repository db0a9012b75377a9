"""`token create`, and the token that no command sends where others can read it."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from reconciler.core.access.people import fingerprint
from tests.cli.conftest import Cli


def test_a_token_is_random_printed_once_and_known_by_its_hash(cli: Cli) -> None:
    made = [json.loads(cli("token", "create", "ann", "--days", "30", "-o", "json").out) for _ in range(2)]
    assert made[0]["token"] != made[1]["token"]
    assert len(made[0]["token"]) >= 43, "less than 256 random bits"
    assert made[0]["sha256"] == fingerprint(made[0]["token"])
    assert date.fromisoformat(made[0]["expires"]) - datetime.now(UTC).date() <= timedelta(days=30)
    shown = cli("token", "create", "ann").out
    assert "shown only now: reconciler_" in shown
    assert "{person: ann, sha256: " in shown


@pytest.mark.parametrize("arguments", [("a b",), ("",), ("ann", "--days", "0"), ("ann", "--days", "400")])
def test_a_wrong_name_or_lifetime_is_refused(cli: Cli, arguments: tuple[str, ...]) -> None:
    ended = cli("token", "create", *arguments)
    assert (ended.code, ended.out) == (2, "")


def test_a_token_is_not_sent_over_plain_http_unless_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_TOKEN", "a-token-of-this-test-run")
    refused = cli("get", "--url", "http://nowhere.invalid:8080")
    assert refused.code == 2
    assert "the token is not sent to nowhere.invalid over plain HTTP" in refused.err
    warned = cli("get", "--url", "http://nowhere.invalid:8080", "--insecure")
    assert warned.code == 1
    assert "warning: the token is sent to nowhere.invalid" in warned.err
    assert "no daemon answers" in warned.err
    for url in ("https://nowhere.invalid", "http://127.0.0.1:1", "http://localhost:1"):
        ended = cli("get", "--url", url)
        assert (ended.code, "plain HTTP" in ended.err) == (1, False)
