"""Log lines: one JSON object each, with the task's fields, without secrets, and never an error for the caller."""

import asyncio
import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from reconciler.core.redaction.redactor import Redactor
from reconciler.edges.telemetry import logs

redactor = Redactor(b"a key for tests").with_literals("known-secret-word")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


class Stream(io.StringIO):
    """Standard output, read line by line."""

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def out() -> Stream:
    stream = Stream()
    logs.configure("info", redactor, json=True, stream=stream)
    return stream


class Terminal(Stream):
    def isatty(self) -> bool:
        return True


def test_a_line_is_one_json_object(out: Stream) -> None:
    logs.log("applied", instance="develop/orders", changes=2)
    (line,) = out.lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "applied", "level": "info", "instance": "develop/orders", "changes": 2}


def test_a_line_break_in_a_field_makes_no_second_line(out: Stream) -> None:
    logs.log("failed", message='first\n{"event": "forged"}')
    assert [line["event"] for line in out.lines()] == ["failed"]


FORGED = "first\nforged \x9b31m\u202e\u2028last"


def test_no_field_reorders_or_controls_what_is_read(out: Stream) -> None:
    logs.log("failed", message=FORGED, nested=[{FORGED: FORGED}])
    logging.getLogger("a.library").error(FORGED)
    assert not {"\x9b", "\u202e", "\u2028"} & set(out.getvalue())
    assert [line["event"] for line in out.lines()] == ["failed", FORGED]
    assert out.lines()[0]["nested"] == [{FORGED: FORGED}]


def test_a_terminal_gets_a_line_for_a_line_and_marks_those_of_a_traceback() -> None:
    terminal = Terminal()
    logs.configure("info", redactor, json=False, stream=terminal)
    logs.log(FORGED, message=FORGED, nested=[{FORGED: FORGED}], number=1)
    logging.getLogger("a.library").error("%s", FORGED)
    try:
        raise RuntimeError(FORGED)
    except RuntimeError:
        logging.getLogger("a.library").exception(FORGED)
    lines = terminal.getvalue().rstrip("\n").split("\n")
    own = [line for line in lines if not line.startswith("  | ")]
    assert not {"\x9b", "\u202e", "\u2028"} & set(terminal.getvalue())
    assert len([line for line in own if line]) == 3
    assert not [line for line in own if line.startswith("forged")]
    assert any(line.startswith("  | forged") for line in lines)


def test_lines_below_the_level_are_dropped(out: Stream) -> None:
    logs.log("quiet", level="debug")
    logs.log("loud", level="error")
    assert [(line["event"], line["level"]) for line in out.lines()] == [("loud", "error")]


def test_no_field_carries_a_secret(out: Stream) -> None:
    logs.log(
        "fetch of https://robot:hunter2@git.example failed",
        error=ValueError("password=hunter2"),
        nested={"list": ["known-secret-word"], "known-secret-word": 1, "api_key": "hunter2"},
        raw=b"known-secret-word",
        _private="known-secret-word",
    )
    assert "hunter2" not in out.getvalue()
    assert "known-secret-word" not in out.getvalue()
    assert "\u2039redacted:" in out.getvalue()


def test_tracebacks_are_redacted_too(out: Stream) -> None:
    try:
        raise RuntimeError("token=hunter2hunter2")
    except RuntimeError:
        structlog.stdlib.get_logger().exception("crashed")
    (line,) = out.lines()
    assert "RuntimeError" in line["exception"]
    assert "hunter2" not in line["exception"]


def test_lines_of_libraries_are_redacted_too(out: Stream) -> None:
    logging.getLogger("some.library").warning("retrying %s", "https://u:hunter2@host/", extra={"attempt": 2})
    logging.getLogger("botocore.retries").info("every request")
    (line,) = out.lines()
    assert (line["logger"], line["level"], line["attempt"]) == ("some.library", "warning", 2)
    assert "hunter2" not in line["event"]


def test_warnings_are_lines(out: Stream) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("deprecated", UserWarning, stacklevel=1)
    assert out.lines()[0]["logger"] == "py.warnings"


async def test_a_scope_belongs_to_its_task(out: Stream) -> None:
    async def visit(name: str) -> None:
        with logs.scope(instance=name):
            await asyncio.sleep(0)
            logs.log("visited", of=name)

    await asyncio.gather(visit("a"), visit("b"))
    logs.log("done")
    assert [(line.get("of"), line.get("instance")) for line in out.lines()] == [("a", "a"), ("b", "b"), (None, None)]


def test_a_field_that_cannot_be_rendered_does_not_raise(out: Stream) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("no text")

    endless: list[Any] = []
    endless.append(endless)
    logs.log("odd", broken=Broken(), endless=endless)
    (line,) = out.lines()
    assert "<list nested too deep>" in json.dumps(line["endless"])
    assert line["broken"] == "<Broken without text: RuntimeError>"


def test_a_terminal_gets_text_and_a_pipe_gets_json() -> None:
    terminal, pipe = Terminal(), Stream()
    logs.configure("info", redactor, stream=terminal)
    logs.log("applied", password="hunter2")
    try:
        raise RuntimeError("token=hunter2hunter2")
    except RuntimeError:
        structlog.stdlib.get_logger().exception("crashed")
    logs.configure("info", redactor, stream=pipe)
    logs.log("applied", password="hunter2")
    assert "applied" in terminal.getvalue()
    assert "RuntimeError" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")
    assert pipe.lines()[0]["event"] == "applied"
    assert "hunter2" not in terminal.getvalue() + pipe.getvalue()


def test_configuring_again_replaces_the_earlier_configuration(out: Stream) -> None:
    again = Stream()
    logs.configure("warning", redactor, json=True, stream=again)
    logs.log("no more")
    logs.log("once", level="warning")
    assert out.getvalue() == ""
    assert [line["event"] for line in again.lines()] == ["once"]
