"""The evidence of a run, as JSON and Markdown, from its journal and what the inventory found at the end."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from deploy.acceptance import costs
from deploy.acceptance.journal import Journal
from deploy.acceptance.runner import Step
from reconciler.core.environment import Environment


def passed(steps: Sequence[Step], journal: Journal, left: Sequence[str]) -> bool:
    """Return True when every step was done and undone, and nothing is left."""
    names = {step.name for step in steps}
    return names == journal.names("done") == journal.names("undone") and not left


def write(
    folder: Path, target: Environment, steps: Sequence[Step], journal: Journal, left: Sequence[str], *, kept: bool
) -> bool:
    """Write `evidence.json` and `evidence.md`. Returns True when the run passed."""
    result = passed(steps, journal, left) or (kept and {s.name for s in steps} == journal.names("done"))
    document: dict[str, Any] = {
        "result": "passed" if result else "failed",
        "environment": target.name,
        "account": target.account,
        "region": target.region,
        "kept": kept,
        "usd_an_hour": round(costs.hourly(), 4),
        "left": list(left),
        "steps": [_step(step, journal) for step in steps],
        "journal": [asdict(entry) for entry in journal.entries],
    }
    (folder / "evidence.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    (folder / "evidence.md").write_text(_markdown(document))
    return result


def _step(step: Step, journal: Journal) -> dict[str, Any]:
    own = [entry for entry in journal.entries if entry.step == step.name]
    state = "done" if step.name in journal.names("done") else own[-1].kind if own else "not reached"
    return {
        "name": step.name,
        "title": step.title,
        "state": state,
        "undone": step.name in journal.names("undone"),
        "evidence": [line for entry in own for line in entry.evidence],
    }


def _markdown(document: dict[str, Any]) -> str:
    lines = [
        f"# Acceptance of {document['environment']}: {document['result']}",
        "",
        f"Account {document['account']}, {document['region']}; {document['usd_an_hour']:.2f} USD an hour.",
        "",
        "| step | | state | undone | evidence |",
        "|---|---|---|---|---|",
    ]
    for step in document["steps"]:
        evidence = "<br>".join(line.replace("|", "\\|") for line in step["evidence"])
        undone = "yes" if step["undone"] else "no"
        lines.append(f"| {step['name']} | {step['title']} | {step['state']} | {undone} | {evidence} |")
    left = document["left"]
    lines += ["", "## Left in the account", "", *([f"- {each}" for each in left] or ["Nothing has our names."])]
    return "\n".join([*lines, "", "## Cost", "", *costs.table(), ""])
