"""Display of the effective settings, and the redaction key."""

import json
import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config.effective import effective
from reconciler.config.load import load
from reconciler.config.models import ConfigFailed
from reconciler.config.redaction import redaction_key
from reconciler.config.values import read_duration, write_duration
from tests.config.configuration import DEVELOP, read

# Display


def test_secrets_are_masked_wherever_settings_are_shown() -> None:
    bot = "slack: {token: a-very-secret-bot, channel: '#deployments', environments: [develop]}\n"
    settings = read(f"auth: {{token: a-very-secret-token}}\nredaction: {{key: a-very-secret-hash-key}}\n{bot}")
    shown = effective(settings)
    assert shown["auth"]["token"] == shown["redaction"]["key"] == "********"
    assert "very-secret" not in f"{json.dumps(shown)}{settings!r}{settings}{settings.auth!r}{settings.slack!r}"


def test_a_secret_in_the_query_of_a_url_is_masked() -> None:
    settings = read("git: {url: 'https://git.example/m.git?private_token=very-secret&x=very-secret'}\n")
    assert effective(settings)["git"]["url"] == "https://git.example/m.git?********"


def test_a_webhook_is_a_secret_as_a_whole() -> None:
    settings = read("slack: {webhook: 'https://hooks.slack.example/services/T0/B0/very-secret'}\n")
    assert effective(settings)["slack"]["webhook"] == "********"
    assert "very-secret" not in f"{settings.slack!r}"


def test_displayed_settings_can_be_loaded_again() -> None:
    first = read(f"git: {{url: ssh://git.example/m.git}}\nenvironments: {{{DEVELOP}}}\nretry: {{base: 1500ms}}\n")
    again = read(json.dumps(effective(first)))
    assert effective(again) == effective(first)


@given(st.timedeltas(timedelta(0), timedelta(days=366)).map(lambda value: value - value % timedelta(milliseconds=1)))
def test_a_written_duration_is_read_back_unchanged(value: timedelta) -> None:
    assert read_duration(write_duration(value)) == value


@given(st.text(max_size=8))
def test_any_other_text_is_refused_as_a_duration(text: str) -> None:
    try:
        assert read_duration(text) >= timedelta(0)
    except ValueError as error:
        assert str(error).startswith(("must be a duration", "must be at most"))  # noqa: PT017 - one of two messages


# The redaction key


def test_a_redaction_key_is_created_once_and_readable_only_by_its_owner(tmp_path: Path) -> None:
    settings = load()
    key = redaction_key(settings)
    path = tmp_path / ".reconciler" / "redaction.key"
    assert redaction_key(settings) == key
    assert len(key) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["redaction.key"]


def test_concurrent_starts_get_the_same_key() -> None:
    settings, found = load(), set[bytes]()
    starters = [threading.Thread(target=lambda: found.add(redaction_key(settings))) for _ in range(8)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert len(found) == 1


def test_a_configured_key_is_used() -> None:
    assert redaction_key(read("redaction: {key: sixteen-letters-or-more}")) == b"sixteen-letters-or-more"


def test_a_damaged_key_is_an_error_and_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / ".reconciler" / "redaction.key"
    path.parent.mkdir()
    path.write_text("")
    with pytest.raises(ConfigFailed, match="damaged"):
        redaction_key(load())
    assert path.read_text() == ""
