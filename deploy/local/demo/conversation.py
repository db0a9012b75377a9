"""Checks of all Slack messages of the demo, on the transcript of the Slack stand-in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deploy.local.display import require

_PLAN_TEXT = ("Terraform will perform", "Plan:", "resource_changes", " -> ", "→")
_RESOLVED = ":white_check_mark:"


def check(calls: Sequence[Mapping[str, Any]], *, never: Iterable[str]) -> tuple[int, int]:
    """Check that threads are in order and contain no secret and no plan text.

    A thread is closed by a changed first message and one last reply. Returns the numbers of opened and of closed
    threads. Raises: StepFailed.
    """
    heads: dict[str, str] = {}
    for call in calls:
        text, thread = str(call["text"]), call["thread_ts"]
        require(call["answer"] == "ok", f"Slack answered {call['answer']} to {call['method']}")
        for word in (*_PLAN_TEXT, *never):
            require(word not in f"{text}{call['blocks']}", f"a Slack message contains {word!r}: {text}")
        if call["method"] == "chat.update":
            require(heads.get(call["ts"]) == "open", f"a message of a thread that is not open was changed: {text}")
            heads[call["ts"]] = "closing" if text.startswith(_RESOLVED) else "open"
        elif thread:
            require(heads.get(thread) in {"open", "closing"}, f"a reply in a thread that is not open: {text}")
            heads[thread] = "closed" if heads[thread] == "closing" else "open"
        else:
            heads[call["ts"]] = "open"
    return len(heads), list(heads.values()).count("closed")
