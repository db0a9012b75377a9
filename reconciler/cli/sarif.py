"""Problems as SARIF, the format in which code hosts take the results of checks.

Source of the form: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; of what GitHub reads:
"SARIF support for code scanning" in its documentation.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from desired_state.located import Problem

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_RULES: Final[Mapping[str, str]] = {
    "manifest": "A manifest is not valid",
    "unchecked": "A part of a manifest is not checked",
    "deprecated": "A manifest is written for an earlier version",
}
_LEVELS: Final[Mapping[str, str]] = {"manifest": "error", "unchecked": "note", "deprecated": "warning"}


def sarif(version: str, found: Mapping[str, Iterable["Problem"]]) -> dict[str, Any]:
    """Return a SARIF log of problems by rule."""
    rules = [
        {"id": rule, "shortDescription": {"text": text}, "defaultConfiguration": {"level": _LEVELS[rule]}}
        for rule, text in _RULES.items()
    ]
    driver = {"name": "reconciler", "semanticVersion": version, "rules": rules}
    results = [_result(rule, problem) for rule, problems in found.items() for problem in problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(rule: str, problem: "Problem") -> dict[str, Any]:
    return {
        "ruleId": rule,
        "level": _LEVELS[rule],
        "message": {"text": problem.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(problem.path)},
                    "region": {"startLine": problem.line, "startColumn": problem.column},
                }
            }
        ],
    }
