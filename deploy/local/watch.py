"""Waits for a daemon: until it fetched a commit, until it is idle."""

from deploy.local.display import Display, require
from deploy.local.workplace import Workplace


class Watch:
    """A workplace and a display, with the waits for the daemon."""

    def __init__(self, workplace: Workplace, display: Display) -> None:
        self._workplace = workplace
        self._display = display

    def _wait_for_fetch(self, commit: str) -> None:
        def poll() -> tuple[bool | None, str]:
            self._require_daemon()
            accepted = self._workplace.api("source")["commit"]
            return (True, "") if accepted == commit else (None, f"the daemon is at {str(accepted)[:7]}")

        self._display.wait("the daemon's fetch", poll)

    def _wait_until_idle(self) -> None:
        """Wait until the daemon has passed every instance, all are ready, and no pass runs."""

        def poll() -> tuple[bool | None, str]:
            self._require_daemon()
            health, instances = self._workplace.health(), self._workplace.api("instances")["instances"]
            if not health["ready"]:
                return None, "no commit was accepted yet"
            if self._workplace.passes() < len(instances):
                return None, f"{self._workplace.passes():.0f} passes of {len(instances)} instances"
            busy = [f"{i['key']} {i['reason']}" for i in instances if not i["ready"]]
            return (True, "") if not busy and not health["running"] else (None, ", ".join(busy) or "a pass is running")

        self._display.wait("an idle daemon", poll)

    def _require_daemon(self) -> None:
        require(self._workplace.daemon_runs, f"the daemon ended; its log is {self._workplace.log}")
