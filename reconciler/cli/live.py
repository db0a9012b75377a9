"""The one question of `wait` and of `get --exit-code`: is what Git asks for live?"""

from typing import Any


def is_live(item: dict[str, Any]) -> bool:
    """Return whether what Git asks for is in force and healthy. `item` is the API's answer for an instance."""
    in_force = item["current"] and item["sync"] == "InSync" and not item["stalled"]
    return bool(in_force and item["ready"] and item["health"] == "Healthy")
