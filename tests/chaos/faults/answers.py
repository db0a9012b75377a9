"""AWS that throttles, errs, hangs or is slow, until it is well again. Which service, the phase says."""

import random
import time
from collections.abc import Callable

from tests.chaos.faults.strike import Struck, moments
from tests.chaos.schedule import Fault, Phase
from tests.chaos.stage import Stage

_LASTS = (2.0, 6.0)
_ALWAYS = 100_000
# What each phase asks of AWS: the state's bucket, the resources, the lock table, the resources again or the new state.
_ASKED: dict[Phase, tuple[tuple[str, str | None], ...]] = {
    "init": (("s3", None),),
    "plan": (("ssm", None), ("s3", "GetObject")),
    "between": (("dynamodb", None),),
    "apply": (("ssm", "PutParameter"), ("s3", "PutObject"), ("dynamodb", "DeleteItem")),
}


def _answering(kind: str, **settings: float) -> Callable[[Stage, Fault], Struck]:
    def strike(stage: Stage, fault: Fault) -> Struck:
        chance = random.Random(fault.seed)
        service, operation = chance.choice(_ASKED[fault.phase])
        seconds = chance.uniform(*_LASTS)
        with stage.aws_turn:
            for _ in moments(stage, fault):
                before = stage.aws.last_request()
                stage.aws.inject_fault(service, kind, operation=operation, times=_ALWAYS, **settings)
                time.sleep(seconds)
                stage.aws.lift_faults()
                met = sum(call["service"] == service for call in stage.aws.requests(before))
                return Struck(f"{service} {operation or 'all'} for {seconds:.1f} s, {met} calls")
        raise AssertionError("moments end by themselves")

    return strike


STRIKES = {
    "aws-throttles": _answering("throttle"),
    "aws-errs": _answering("error", status=503),
    "aws-hangs": _answering("hang", seconds=60),
    "aws-slow": _answering("slow", seconds=1.5),
}
