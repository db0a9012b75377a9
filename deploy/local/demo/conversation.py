"""What must hold of everything that Slack was told, read from the local Slack's own transcript."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deploy.local.demo.display import require

_PLAN_TEXT = ("Terraform will perform", "Plan:", "resource_changes", " -> ", "→")
_RESOLVED = ":white_check_mark:"


def check(calls: Sequence[Mapping[str, Any]], *, never: Iterable[str]) -> tuple[int, int]:
    """Threads in order, and no secret or plan text. Returns how many threads were opened and how many are closed.

    A thread is closed by a changed first message and one last reply. Raises: StepFailed.
    """
    heads: dict[str, str] = {}
    for call in calls:
        text, thread = str(call["text"]), call["thread_ts"]
        require(call["answer"] == "ok", f"Slack answered {call['answer']} to {call['method']}")
        for word in (*_PLAN_TEXT, *never):
            require(word not in f"{text}{call['blocks']}", f"Slack was told {word!r}: {text}")
        if call["method"] == "chat.update":
            require(heads.get(call["ts"]) == "open", f"a message was changed that is not open: {text}")
            heads[call["ts"]] = "closing" if text.startswith(_RESOLVED) else "open"
        elif thread:
            require(heads.get(thread) in {"open", "closing"}, f"a reply to no open thread: {text}")
            heads[thread] = "closed" if heads[thread] == "closing" else "open"
        else:
            heads[call["ts"]] = "open"
    return len(heads), list(heads.values()).count("closed")
