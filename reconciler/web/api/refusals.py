"""The refusals that the routes share, for the API's description: of credentials, roles, hosts and limits."""

from typing import Any

from reconciler.web.auth import ALWAYS_OPEN

_STATUSES = ("400", "401", "403", "421", "429", "503")
_ERROR = {"$ref": "#/components/responses/Error"}


def guarded(paths: dict[str, Any]) -> dict[str, Any]:
    """Return the described paths with the refusals of authentication; the health has none.

    The credential of a read is optional in the description (`{}`): on loopback reading is open.
    """
    for path, operations in paths.items():
        for operation in operations.values() if path != ALWAYS_OPEN else ():
            operation["responses"] = dict.fromkeys(_STATUSES, _ERROR) | operation["responses"]
            operation.setdefault("security", [{}, {"token": []}])
    return paths
