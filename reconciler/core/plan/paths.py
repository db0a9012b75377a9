"""Paths of attributes as text, `tags.team` or `tags["kubernetes.io/name"]`, and addresses that a rule names.

A step that could be read as something else stands in brackets, so a text is one path whatever a key contains.
"""

import json
import re
from collections.abc import Sequence

Step = str | int
_PLAIN = re.compile(r'[^.\[\]"]+')
_ADDRESS = re.compile(r'([^.\[]+)(\[(?:"(?:[^"\\]|\\.)*"|[^\]]*)\])?')
_STEPS = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\.?([^.\[]+)')


def written(steps: Sequence[Step]) -> str:
    """Return a path as text."""
    text = ""
    for step in steps:
        if isinstance(step, str) and (step.isdecimal() or not _PLAIN.fullmatch(step)):
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
        else:
            text += f".{step}" if text else str(step)
    return text


def steps(path: str) -> tuple[Step, ...]:
    """Return the steps of a path, indices as numbers. A text that is no path is one step."""
    found: list[Step] = []
    end = 0
    while end < len(path):
        step = _STEPS.match(path, end)
        if step is None:
            return (path,)
        found.append(_step(*step.groups()))
        end = step.end()
    return tuple(found)


def _step(quoted: str | None, plain: str) -> Step:
    if quoted is None:
        return int(plain) if plain.isdecimal() else plain
    try:
        return str(json.loads(f'"{quoted}"'))
    except ValueError:  # stored by a version that wrote no brackets
        return quoted


def head(path: str) -> str:
    """Return the attribute of the resource that a path leads into."""
    return str(steps(path)[0]) if path else ""


def last(path: str) -> str:
    """Return the name of what a path leads to: its last step that is no index."""
    names = [step for step in steps(path) if isinstance(step, str)]
    return names[-1] if names else ""


def covers(rule: str, path: str) -> bool:
    """Return whether a rule names the path or a place above it. A rule may write a key with dots without brackets."""
    found = steps(path)
    above = [found[:length] for length in range(1, len(found) + 1)]
    return any(rule in (written(place), ".".join(map(str, place))) for place in above)


def names(rule: str, address: str) -> bool:
    """Return whether a rule names a resource: `aws_x.p` each instance of it in the root, and no other module's.

    A rule that names an instance, `aws_x.p["k"]`, names that one alone; so does one with the instance of a module.
    """
    asked, parts = (_ADDRESS.findall(text) for text in (rule, address))
    return len(asked) == len(parts) and all(
        name == wanted and key in ("", chosen) for (wanted, key), (name, chosen) in zip(asked, parts, strict=True)
    )
