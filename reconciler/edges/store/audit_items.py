"""The audit as items of the DynamoDB table: one partition, sorted by id, deleted by the table's TTL, never changed.

Few acts happen in a day, so one partition holds them all, and what a filter leaves out is read past.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.FilterExpression.html
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reconciler.core.record.audit import AuditEntry, AuditFilter

PARTITION = "audit"
_LAST = "~"  # sorts after every id
_NAMES = {"#subject": "subject", "#by": "by", "#action": "action", "#result": "result"}


def item(entry: AuditEntry, until: datetime, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the item of an entry, with the attributes that filters read."""
    act = entry.act
    words = {"pk": PARTITION, "sk": entry.id, "subject": act.subject, "by": act.by, "action": act.action}
    words["result"] = entry.result
    texts = {name: {"S": value} for name, value in words.items() if value}
    return texts | {"expires": {"N": str(int(until.timestamp()))}, "document": document}


def query(wanted: AuditFilter, limit: int, before: str | None, since: str) -> dict[str, Any]:
    """Return the parameters of a query for the entries from `since` to `before`, both included, the newest first."""
    named = {"#by": (":by", wanted.by), "#action": (":action", wanted.action), "#result": (":result", wanted.result)}
    values = {value: text for value, text in named.values() if text is not None}
    conditions = [f"{name} = {value}" for name, (value, text) in named.items() if text is not None]
    subjects = {f":subject{number}": text for number, text in enumerate(wanted.subjects)}
    places = [f"#subject IN ({', '.join(subjects)})"] if subjects else []
    if wanted.below is not None:
        places.append("begins_with(#subject, :below)")
        values[":below"] = wanted.below
    if places:
        conditions.append(f"({' OR '.join(places)})")
    condition = " AND ".join(conditions)
    values |= subjects | {":pk": PARTITION, ":since": since or " ", ":before": before or _LAST}
    asked: dict[str, Any] = {
        "KeyConditionExpression": "pk = :pk AND sk BETWEEN :since AND :before",
        "ExpressionAttributeValues": {name: {"S": text} for name, text in values.items()},
        "ConsistentRead": True,
        "ScanIndexForward": False,
    }
    if not condition:
        return asked | {"Limit": limit + 1}  # one more: `before` itself is among them
    names = {name: attribute for name, attribute in _NAMES.items() if name in condition}
    return asked | {"FilterExpression": condition, "ExpressionAttributeNames": names}
