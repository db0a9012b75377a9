"""Preconditions of a call, checked before it reaches a shared provider process.

The AWS provider assumes the values that terraform always sends. Without them it crashes on a nil pointer, and takes
every other run on that process with it. So a call is rejected here if it lacks a value that its method needs, or if it
would reach AWS on a connection without `Configure`. Field numbers: `tfplugin5.proto`.

    NotConfigured   the call reaches AWS, and its connection has had no `Configure`
"""

from reconciler.provider.protocol.wire import MalformedMessage, nested

_VALUES = {
    "PrepareProviderConfig": (1,),
    "Configure": (2,),
    "ValidateResourceTypeConfig": (2,),
    "ValidateDataSourceConfig": (2,),
    "ValidateEphemeralResourceConfig": (2,),
    "ValidateListResourceConfig": (2,),
    "UpgradeResourceState": (3,),
    "UpgradeResourceIdentity": (3,),
    "MoveResourceState": (4,),
    "ReadResource": (2,),
    "PlanResourceChange": (2, 3, 4),
    "ApplyResourceChange": (2, 3, 4),
    "ReadDataSource": (2,),
    "OpenEphemeralResource": (2,),
    "ListResource": (2,),
    "PlanAction": (2,),
    "InvokeAction": (2,),
}
_REACH_AWS = frozenset(
    {
        "ReadResource",
        "PlanResourceChange",
        "ApplyResourceChange",
        "ImportResourceState",
        "ReadDataSource",
        "OpenEphemeralResource",
        "RenewEphemeralResource",
        "CloseEphemeralResource",
        "ListResource",
        "PlanAction",
        "InvokeAction",
    }
)


class NotConfigured(Exception):
    """A call that reaches AWS came before `Configure`."""


def check(method: str, request: bytes, *, configured: bool) -> None:
    """Reject a call that terraform would never make. Raises MalformedMessage, NotConfigured."""
    for number in _VALUES.get(method, ()):
        if not nested(request, number):
            raise MalformedMessage(f"{method} lacks the value in field {number}")
    if method in _REACH_AWS and not configured:
        raise NotConfigured(f"{method} came before Configure")
