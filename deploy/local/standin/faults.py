"""Injected faults: errors, throttling, slow answers and hanging connections, for a number of calls.

`error` and `throttle` answer instead of AWS, `slow` delays the call, `hang` delays it and then drops the connection
without an answer. Lifting a fault (DELETE) ends its delays immediately.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from deploy.local.standin.calls import Call

THROTTLED = {
    "ec2": ("RequestLimitExceeded", 503),
    "s3": ("SlowDown", 503),
    "iam": ("Throttling", 400),
    "elasticloadbalancing": ("Throttling", 400),
}
THROTTLED_ELSEWHERE = ("ThrottlingException", 400)


class FaultRequest(BaseModel):
    """Body of POST /standin/faults; service and operation are named as in the request log."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    service: str
    operation: str | None = None
    kind: Literal["error", "throttle", "slow", "hang"]
    status: int = Field(default=500, ge=400, le=599)
    times: int = Field(default=1, ge=1)
    seconds: float = Field(default=5.0, ge=0, le=3600)


@dataclass(slots=True)
class Fault:
    request: FaultRequest
    left: int
    lifted: Event = field(default_factory=Event)

    def concerns(self, call: Call) -> bool:
        return self.request.service == call.service and self.request.operation in (None, call.operation)

    def refusal(self, service: str) -> tuple[str, int] | None:
        """Return the error code and status that replace the answer; None for a fault that only delays."""
        if self.request.kind == "throttle":
            return THROTTLED.get(service, THROTTLED_ELSEWHERE)
        return ("InternalFailure", self.request.status) if self.request.kind == "error" else None

    def delay(self) -> None:
        if self.request.kind in ("slow", "hang"):
            self.lifted.wait(self.request.seconds)


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._taken: list[Fault] = []
        self._lock = Lock()

    def add(self, request: FaultRequest) -> None:
        with self._lock:
            self._faults.append(Fault(request=request, left=request.times))

    def take(self, call: Call) -> Fault | None:
        """Return the first fault that applies to a call, and count it down by one; None without one."""
        with self._lock:
            fault = next((fault for fault in self._faults if fault.concerns(call)), None)
            if fault:
                fault.left -= 1
                self._taken = [each for each in self._taken if not each.lifted.is_set()] + [fault]
                self._faults = [each for each in self._faults if each.left > 0]
            return fault

    def lift(self) -> None:
        with self._lock:
            for fault in (*self._faults, *self._taken):
                fault.lifted.set()
            self._faults, self._taken = [], []

    def pending(self) -> list[FaultRequest]:
        with self._lock:
            return [fault.request.model_copy(update={"times": fault.left}) for fault in self._faults]
