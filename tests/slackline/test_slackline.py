"""The Slack stand-in as a child process: Slack's answers, the transcript, faults and its end."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.child import ChildError
from deploy.local.slackline import CHANNEL, TOKEN, Slackline, start
from tests.patience import PATIENCE


@pytest.fixture(scope="module")
def running() -> Iterator[Slackline]:
    with start() as line:
        yield line


@pytest.fixture
def line(running: Slackline) -> Slackline:
    running.reset()
    return running


def call(line: Slackline, method: str, token: str = TOKEN, **arguments: Any) -> dict[str, Any]:
    """Call a method of the Web API and return its answer."""
    found: dict[str, Any] = json.loads(send(f"{line.api_url}{method}", arguments, Authorization=f"Bearer {token}"))
    return found


def send(url: str, content: object, **headers: str) -> bytes:
    """Send JSON and return the body of the answer. Raises: HTTPError."""
    headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, json.dumps(content).encode(), headers)  # noqa: S310 - http to our own child
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - http to our own child
        body: bytes = answer.read()
        return body


def test_messages_and_replies_are_read_back_as_threads_in_order(line: Slackline) -> None:
    head = call(line, "chat.postMessage", channel=CHANNEL, text="one")
    call(line, "chat.postMessage", channel=CHANNEL, text="other")
    call(line, "chat.postMessage", channel=head["channel"], text="reply", thread_ts=head["ts"])
    call(line, "chat.update", channel=head["channel"], ts=head["ts"], text="one, resolved")
    first, second = line.threads()
    assert (first["text"], first["edits"], [reply["text"] for reply in first["replies"]]) == (
        "one, resolved",
        1,
        ["reply"],
    )
    assert (second["text"], second["replies"]) == ("other", [])
    transcript = line.transcript()
    assert [(entry["method"], entry["text"]) for entry in transcript] == [
        ("chat.postMessage", "one"),
        ("chat.postMessage", "other"),
        ("chat.postMessage", "reply"),
        ("chat.update", "one, resolved"),
    ]
    assert sorted(entry["at"] for entry in transcript) == [entry["at"] for entry in transcript]
    assert {entry["answer"] for entry in transcript} == {"ok"}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": CHANNEL, "text": "x", "token": "wrong"}, "invalid_auth"),
        ({"channel": "#nowhere", "text": "x"}, "channel_not_found"),
        ({"channel": CHANNEL, "text": ""}, "no_text"),
        ({"channel": CHANNEL, "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": CHANNEL, "text": "x", "thread_ts": "1.1"}, "thread_not_found"),
    ],
)
def test_invalid_calls_are_refused_with_slacks_error_code(
    line: Slackline, arguments: dict[str, Any], error: str
) -> None:
    assert call(line, "chat.postMessage", **arguments) == {"ok": False, "error": error}
    assert [entry["answer"] for entry in line.transcript()] == [error]


def test_an_update_accepts_channels_by_id_only_as_slack_does(line: Slackline) -> None:
    head = call(line, "chat.postMessage", channel=CHANNEL, text="one")
    assert call(line, "chat.update", channel=CHANNEL, ts=head["ts"], text="x")["error"] == "channel_not_found"


def test_a_webhook_answers_in_plain_text(line: Slackline) -> None:
    assert send(line.webhook, {"text": "hello"}) == b"ok"
    with pytest.raises(urllib.error.HTTPError) as caught:
        send(f"{line.webhook}x", {"text": "hello"})
    assert (caught.value.code, caught.value.read()) == (404, b"no_service")
    caught.value.close()
    assert [head["text"] for head in line.threads()] == ["hello"]


def test_a_fault_occurs_once_and_only_for_its_method(line: Slackline) -> None:
    line.inject_fault("rate_limit", seconds=7)
    with pytest.raises(urllib.error.HTTPError) as caught:
        call(line, "chat.postMessage", channel=CHANNEL, text="x")
    assert (caught.value.code, caught.value.headers["Retry-After"]) == (429, "7")
    caught.value.close()
    line.inject_fault("error", error="fatal_error", method="chat.update")
    assert call(line, "chat.postMessage", channel=CHANNEL, text="x")["ok"]
    line.lift_faults()
    assert call(line, "chat.update", channel="C", ts="1", text="x")["error"] == "channel_not_found"


def test_an_unknown_fault_is_refused(line: Slackline) -> None:
    with pytest.raises(ChildError, match="kind must be one of error, garbled, hang"):
        line.inject_fault("gremlins")
    with pytest.raises(ChildError, match="400"):
        line.inject_fault("slow", colour="red")


def test_it_ends_with_its_parent_process(tmp_path: Path) -> None:
    program = (
        "import os, sys; from deploy.local.slackline import start\n"
        "with start() as line:\n"
        "    print(line.pid, flush=True); os.kill(os.getpid(), 9)\n"
    )
    root = Path(__file__).parents[2]
    killed = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=PATIENCE)
    pid = int(killed.stdout)
    deadline = time.monotonic() + PATIENCE
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1][:3]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
