"""The run: round after round, a change, its faults, the way back, and what is judged then."""

import contextlib
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local.standin import StandIn, start
from tests.chaos import faults
from tests.chaos.fleet import NAMES, Wish
from tests.chaos.forwarder import Forwarder
from tests.chaos.judge import Judge
from tests.chaos.person import Person
from tests.chaos.schedule import Kind, Round, schedule
from tests.chaos.stage import NotWithin, Stage
from tests.chaos.table import Outcome, Results
from tests.e2e.daemon import TABLE

CONVERGES_WITHIN = 240.0
ENDS_WITHIN = 90.0

Say = Callable[[str], None]


def run(*, seed: int, number: int, kinds: Sequence[Kind], within: float, say: Say, log: Path) -> Results:
    """Inject that many faults, within so many seconds. What the daemon logged goes to `log`."""
    began = time.monotonic()
    with stage() as made:
        left_out = {name: why for name, why in faults.left_out(made).items() if name in {kind.name for kind in kinds}}
        rounds = schedule(seed, number, [kind for kind in kinds if kind.name not in left_out], NAMES)
        chaos = _Chaos(made, say, began + within)
        trouble = chaos.all_of(rounds)
        left = _left(made)
        shutil.copyfile(made.folder / "daemon.log", log)
        return Results(
            seed=seed,
            asked=number,
            outcomes=chaos.outcomes,
            left_out=left_out,
            seconds=time.monotonic() - began,
            restarts=made.restarts,
            trouble=trouble,
            left=left,
        )


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    """A stand-in, a relay before it, and a stage for a daemon; all of it is gone afterwards."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True)))
        aws = stack.enter_context(start())
        _make_table(aws)
        relay = Forwarder(int(aws.endpoint.rsplit(":", 1)[1]))
        stack.callback(relay.close)
        made = Stage(folder=folder, aws=aws, relay=relay)
        stack.callback(made.clean)
        stack.callback(made.end, signal.SIGKILL)
        yield made


def _make_table(aws: StandIn) -> None:
    aws.client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def _left(made: Stage) -> int:
    """Stop the daemon in order; how many of its processes are still there after that."""
    made.end(signal.SIGTERM)
    with contextlib.suppress(NotWithin):
        made.wait(lambda: not made.left(), "all processes are gone", within=ENDS_WITHIN)
    return len(made.left())


class _Chaos:
    """The state that one round hands to the next."""

    def __init__(self, made: Stage, say: Say, deadline: float) -> None:
        self._stage, self._say, self._deadline = made, say, deadline
        self._judge = Judge(made)
        self.outcomes: list[Outcome] = []

    def all_of(self, rounds: Sequence[Round]) -> str | None:
        """Begin, then every round. Returns why it ended early."""
        try:
            self._change(Round(0, renames=False, faults=()))
            self._stage.supervise()
            self._converge(Person(self._stage), within=self._deadline - time.monotonic())
            for each in rounds:
                self._round(each)
        except NotWithin as trouble:
            return str(trouble)
        return None

    def _round(self, each: Round) -> None:
        began = time.monotonic()
        self._change(each)
        person = Person(self._stage)
        done = [Outcome(fault) for fault in each.faults]
        self.outcomes += done
        try:
            with ThreadPoolExecutor(len(done)) as pool:
                struck = [pool.submit(self._strike, outcome) for outcome in done]
                while not all(future.done() for future in struck):
                    person.look()
                    time.sleep(1)
            self._converge(person, within=min(CONVERGES_WITHIN, self._deadline - time.monotonic()))
            for outcome in done:
                outcome.converged = True
        finally:
            self._judge_all(done, person, each)
            for outcome in done:
                outcome.seconds = time.monotonic() - began
                self._say(_progress(outcome))

    def _change(self, each: Round) -> None:
        """Want something new of every instance."""
        for fault in each.faults:
            if fault.phase == "init":
                self._stage.change_root(fault.target, f"round {each.number}")
        generations = {name: wish.generation for name, wish in self._stage.wishes.items()}
        wishes = {
            name: Wish(name, str(each.number), generations.get(name, 0) + (1 if each.renames else 0)) for name in NAMES
        }
        self._stage.want(wishes, message=f"round {each.number}")

    def _strike(self, outcome: Outcome) -> None:
        try:
            struck = faults.strike(self._stage, outcome.fault)
        except Exception as trouble:  # the other faults of the round go on; a fault that was not injected fails the run
            outcome.note = f"not injected: {type(trouble).__name__}: {trouble}"
            return
        outcome.injected = True
        outcome.note, outcome.broken = struck.note, struck.broken
        outcome.needs += [struck.need] if struck.need else []
        outcome.everywhere = struck.everywhere

    def _converge(self, person: Person, *, within: float) -> None:
        """Wait until all is as it was asked for, with a person at hand. Raises: NotWithin."""
        deadline = time.monotonic() + within
        while waited_for := self._judge.waits_for():
            if time.monotonic() > deadline:
                raise NotWithin(f"not converged within {within:.0f} s: {waited_for}")
            person.look()
            time.sleep(0.3)

    def _judge_all(self, done: Sequence[Outcome], person: Person, each: Round) -> None:
        """Put what was found, and what was needed, to the fault that met the instance, or else to one that met all."""
        verdicts = self._judge.verdicts()
        for name in NAMES:
            outcome = _answerable(done, name)
            found = verdicts[name]
            outcome.state_lost += found.state
            outcome.duplicated += found.duplicated
            for need in person.needs.get(name, ()):
                cause = next((one for one in done if one.everywhere == need), outcome)
                cause.needs += [need] if need not in cause.needs else []


def _answerable(done: Sequence[Outcome], name: str) -> Outcome:
    """The fault that met this instance; an instance that none aimed at was met by one that met everybody."""
    aimed = [outcome for outcome in done if outcome.fault.target == name]
    wide = [outcome for outcome in done if outcome.fault.kind.wide]
    return (aimed or wide or list(done))[0]


def _progress(outcome: Outcome) -> str:
    needs = f"; a person: {', '.join(outcome.needs)}" if outcome.needs else ""
    bad = "".join(f"; {what}: {found}" for what, found in _losses(outcome) if found)
    ended = "converged" if outcome.converged else "NOT CONVERGED"
    return f"{outcome.fault}: {outcome.note}; {ended} after {outcome.seconds:.0f} s{needs}{bad}"


def _losses(outcome: Outcome) -> list[tuple[str, object]]:
    return [
        ("STATE LOST", outcome.state_lost),
        ("DUPLICATED", outcome.duplicated),
        ("FOREIGN LOCK BROKEN", outcome.broken),
    ]
