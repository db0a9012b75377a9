"""CodeStar Notifications, a service that moto does not have: rules are stored and returned, nothing is notified. A
target is UNREACHABLE once its topic does not exist.

Shapes: the API reference of codestar-notifications, 2019-10-15. A test in `tests/standin` fails once moto has it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.request import Request
from moto.core.utils import unix_time
from moto.sns.models import sns_backends
from werkzeug import Response

from deploy.local.standin.calls import Call
from deploy.local.standin.refusals import refusal

SERVICE = "codestar-notifications"
Body = Mapping[str, Any]


# The AWS provider takes a refusal with these words for the end of its clean-up, and any other one for a failure
# (`cleanupNotificationRuleTargets` in its `internal/service/codestarnotifications/notification_rule.go`).
_SUBSCRIBED = "The target cannot be deleted because it is subscribed to one or more notification rules."


class NotificationRules(BaseBackend):
    """Rules of one account and region; moto's reset empties them with everything else."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.rules: dict[str, dict[str, Any]] = {}

    def create(self, body: Body) -> Any:
        if any((rule["Name"], rule["Resource"]) == (body["Name"], body["Resource"]) for rule in self.rules.values()):
            raise Refused("ResourceAlreadyExistsException", f"{body['Name']} exists")
        place = f"{self.partition}:{SERVICE}:{self.region_name}:{self.account_id}"
        arn = f"arn:{place}:notificationrule/{uuid.uuid4().hex}"
        self.rules[arn] = {
            "Arn": arn,
            "Name": body["Name"],
            "Resource": body["Resource"],
            "CreatedBy": f"arn:{self.partition}:iam::{self.account_id}:root",
            "CreatedTimestamp": unix_time(),
            "Status": "ENABLED",
            "Tags": dict(body.get("Tags") or {}),
        }
        self.update({**body, "Arn": arn})
        return {"Arn": arn}

    def describe(self, body: Body) -> Any:
        """Return a rule; a target that does not exist is not reached, and the rule stays ENABLED.

        https://docs.aws.amazon.com/dtconsole/latest/userguide/notification-target-view.html: a target has a status of
        its own, `Unreachable` among them.
        """
        rule = self._rule(body)
        topics = sns_backends[self.account_id][self.region_name].topics
        status = {True: "ACTIVE", False: "UNREACHABLE"}
        told = [t | {"TargetStatus": status[t["TargetAddress"] in topics]} for t in rule.get("Targets", [])]
        return {**rule, "Targets": told}

    def update(self, body: Body) -> Any:
        rule = self._rule(body)
        rule |= {name: body[name] for name in ("Name", "Status", "DetailType") if body.get(name)}
        if "EventTypeIds" in body:
            rule["EventTypes"] = [{"EventTypeId": event} for event in body["EventTypeIds"]]
        if "Targets" in body:
            rule["Targets"] = [dict(target) for target in body["Targets"]]
        rule["LastModifiedTimestamp"] = unix_time()
        return {}

    def delete(self, body: Body) -> Any:
        self.rules.pop(body["Arn"], None)
        return {"Arn": body["Arn"]}

    def delete_target(self, body: Body) -> Any:
        """Remove a target from all rules: a target exists only in the rules that use it."""
        for rule in self.rules.values():
            left = [target for target in rule.get("Targets", []) if target["TargetAddress"] != body["TargetAddress"]]
            if len(left) < len(rule.get("Targets", [])) and not body.get("ForceUnsubscribeAll"):
                raise Refused("ValidationException", _SUBSCRIBED)
            rule["Targets"] = left
        return {}

    def list(self, body: Body) -> Any:
        wanted = {each["Value"] for each in body.get("Filters") or () if each["Name"] == "RESOURCE"}
        found = [arn for arn, rule in self.rules.items() if not wanted or rule["Resource"] in wanted]
        return {"NotificationRules": [{"Id": arn.rpartition("/")[2], "Arn": arn} for arn in found]}

    def list_tags(self, body: Body) -> Any:
        return {"Tags": self._rule(body)["Tags"]}

    def tag(self, body: Body) -> Any:
        self._rule(body)["Tags"].update(body["Tags"])
        return {"Tags": self._rule(body)["Tags"]}

    def untag(self, body: Body) -> Any:
        for key in body["TagKeys"]:
            self._rule(body)["Tags"].pop(key, None)
        return {}

    def _rule(self, body: Body) -> dict[str, Any]:
        if body["Arn"] not in self.rules:
            raise Refused("ResourceNotFoundException", f"{body['Arn']} does not exist")
        return self.rules[body["Arn"]]


class Refused(Exception):
    """An AWS error: code and message."""


_BACKENDS = BackendDict(NotificationRules, SERVICE)
_OPERATIONS: Mapping[str, Callable[[NotificationRules, Body], Any]] = {
    "CreateNotificationRule": NotificationRules.create,
    "DescribeNotificationRule": NotificationRules.describe,
    "UpdateNotificationRule": NotificationRules.update,
    "DeleteNotificationRule": NotificationRules.delete,
    "DeleteTarget": NotificationRules.delete_target,
    "ListNotificationRules": NotificationRules.list,
    "ListTagsForResource": NotificationRules.list_tags,
    "TagResource": NotificationRules.tag,
    "UntagResource": NotificationRules.untag,
}


def answer(request: Request, call: Call) -> Response:
    """Answer one request. Raises: NotImplementedError for any other operation."""
    operation = _OPERATIONS.get(call.operation)
    if operation is None:
        raise NotImplementedError(call.operation)
    body = json.loads(request.get_data() or b"{}")
    if call.operation == "UntagResource":
        body = {"Arn": request.path.partition("/untagResource/")[2], "TagKeys": request.args.getlist("tagKeys")}
    try:
        answered = operation(_BACKENDS[call.account][call.region], body)
    except Refused as refused:
        code, message = refused.args
        return refusal(request, SERVICE, code=code, message=message, status=400)
    return Response(json.dumps(answered), 200, content_type="application/json")
