"""The runtime of a service is optional: nothing is assumed about an image that has neither Node.js nor Python."""

from typing import Any

import pytest

from tests.desired_state.manifests import problems_of, public, service

COMMAND = {"command": ["CMD", "/bin/check"]}
WORDS = "begin with CMD for a program and its arguments, or with CMD-SHELL for one line of a shell"
UNTESTED = "only nodejs and python are tested with a version of a runtime: remove it, or name the runtime"


def command(*parts: str) -> dict[str, Any]:
    return {"healthCheck": {"command": list(parts)}}


@pytest.mark.parametrize("runtime", [None, "java", "nginx"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"port": None, "healthCheck": COMMAND},
        {"healthCheck": {**COMMAND, "path": "/healthz"}},
        {"healthCheck": {"command": ["CMD-SHELL", "curl -f http://localhost:8080 || exit 1"], "interval": 10}},
    ],
)
def test_a_service_runs_any_program(runtime: str | None, changes: dict[str, Any]) -> None:
    assert problems_of(service(runtime=runtime, **changes)) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"port": None}, "a public service needs port: only nodejs and python have a usual one"),
        (
            {"healthCheck": {"interval": 10}},
            "healthCheck needs path (what the load balancer asks for), command (run in the container) or both",
        ),
        (
            {"healthCheck": {**COMMAND, "matcher": "200"}},
            "matcher is about the answer to a path: add path, or remove it",
        ),
        (command("curl", "-f"), f'"curl" does not say how to run the command: {WORDS}'),
        (command("CMD"), "CMD alone runs nothing: add the command after it"),
        (command("CMD-SHELL", "a", "b"), "CMD-SHELL takes one line of a shell: join the parts, or begin with CMD"),
        ({"delivery": {"runtimeVersion": "22"}}, UNTESTED),
    ],
)
def test_what_nothing_would_check_or_call_is_refused(changes: dict[str, Any], message: str) -> None:
    assert problems_of(public("orders", paths=["/"], priority=1, runtime=None, **changes)) == [message]


def test_a_path_that_nothing_asks_for_is_refused() -> None:
    (message,) = problems_of(service(runtime=None, healthCheck={"path": "/healthz"}))
    assert message.startswith("nothing asks an internal service for its path")
