"""The run over its steps: do what is not done, and undo what began, whatever happens in between."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deploy.acceptance.journal import Journal

Evidence = Sequence[str]


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `do` and `undo` return their evidence, and both can be repeated after they were cut off.

    `undo` is None for a step that leaves nothing which another step's `undo` does not remove.
    """

    name: str
    title: str
    do: Callable[[], Evidence]
    undo: Callable[[], Evidence] | None = None


def run(steps: Sequence[Step], journal: Journal, *, keep: bool, show: Callable[[str], None]) -> None:
    """Do all steps, then undo them; a failure or an interruption in between goes on with the undoing.

    With `keep` nothing is undone, and a failed step is tried again by the next run. Raises: KeyboardInterrupt for an
    interruption while undoing, which the next run continues.
    """
    named = {step.name: step for step in steps}
    failure = ""
    try:
        for name in journal.to_do([*named]):
            failure = _do(named[name], journal, show)
            if failure:
                break
    except KeyboardInterrupt:
        failure = "interrupted"
        show("Interrupted: everything is torn down. Press Ctrl-C again to stop that too; the next run continues it.")
    if keep:
        return
    if not journal.tearing_down:
        journal.write("teardown", evidence=[failure] if failure else [])
    for name in journal.to_undo([*named]):
        _undo(named[name], journal, show)


def _do(step: Step, journal: Journal, show: Callable[[str], None]) -> str:
    """Do one step. Returns an empty text, or why it failed."""
    show(f"▶ {step.title}")
    journal.write("begun", step.name)
    try:
        evidence = step.do()
    except Exception as error:  # any error ends the steps, and the teardown follows
        failure = f"{step.name}: {type(error).__name__}: {error}"
        journal.write("failed", step.name, [failure])
        show(f"✗ {failure}")
        return failure
    journal.write("done", step.name, evidence)
    return ""


def _undo(step: Step, journal: Journal, show: Callable[[str], None]) -> None:
    """Undo one step. What cannot be undone is recorded and keeps no other step from being undone."""
    show(f"◀ undo: {step.title}")
    try:
        evidence = step.undo() if step.undo else ()
    except Exception as error:  # any error: the rest is undone all the same, and the inventory shows what is left
        failure = f"{step.name}: {type(error).__name__}: {error}"
        journal.write("not undone", step.name, [failure])
        show(f"✗ {failure}")
        return
    journal.write("undone", step.name, evidence)
