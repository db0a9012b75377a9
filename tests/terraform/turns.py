"""Lives of a job: runs of its state machine, stepped in any order and killed at any moment, with the tasks they start.

The definition is the applied one. Where AWS promises little, the world does less: lists of tasks lag, as statuses of
executions do, a task that is asked to stop takes up to 120 seconds, and one whose run is killed may not be asked.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

LAG, LONGEST_STOP = 5, 120
EVER = 10**9


class Failed(Exception):
    """An error of a state, by its name."""


class Table(Protocol):
    """The table of turns, with the parameters of the state machine's requests."""

    def update(self, holder: str, condition: str, values: Mapping[str, str]) -> bool: ...
    def get(self) -> str | None: ...
    def delete(self, condition: str, values: Mapping[str, str]) -> bool: ...


@dataclass
class Memory:
    """The table in memory, which knows the conditions that the definition uses."""

    holder: str | None = None

    def update(self, holder: str, condition: str, values: Mapping[str, str]) -> bool:
        met = self._met(condition, values)
        self.holder = holder if met else self.holder
        return met

    def get(self) -> str | None:
        return self.holder

    def delete(self, condition: str, values: Mapping[str, str]) -> bool:
        met = self._met(condition, values)
        self.holder = None if met else self.holder
        return met

    def _met(self, condition: str, values: Mapping[str, str]) -> bool:
        return (
            any(
                self.holder is None
                if each == "attribute_not_exists(Holder)"
                else self.holder == values[each.split(" = ")[1]]
                for each in condition.split(" OR ")
                if each != "true"
            )
            or condition == "true"
        )


@dataclass(frozen=True)
class Stored:
    """The table of the stand-in."""

    client: Any
    request: Mapping[str, Any]

    def update(self, holder: str, condition: str, values: Mapping[str, str]) -> bool:
        given = {name: {"S": value} for name, value in values.items()}
        return self._asked("update_item", condition, given, UpdateExpression="SET Holder = :me")

    def get(self) -> str | None:
        item = self.client.get_item(**self.request, ConsistentRead=True).get("Item", {})
        return str(item["Holder"]["S"]) if "Holder" in item else None

    def delete(self, condition: str, values: Mapping[str, str]) -> bool:
        return self._asked("delete_item", condition, {name: {"S": value} for name, value in values.items()})

    def _asked(self, operation: str, condition: str, values: Mapping[str, Any], **more: Any) -> bool:
        try:
            getattr(self.client, operation)(
                **self.request, ConditionExpression=condition, ExpressionAttributeValues=values, **more
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True


@dataclass
class Task:
    started: int
    ends: int
    fails: bool
    gone: int = EVER  # when it has stopped after it was asked to

    def alive(self, now: int) -> bool:
        return now < min(self.ends, self.gone)

    def listed(self, now: int) -> bool:
        return self.alive(now) and self.gone == EVER and now >= self.started + LAG


@dataclass
class Run:
    """One execution of the state machine."""

    name: str
    state: str
    data: dict[str, Any] = field(default_factory=lambda: {"overrides": {}})
    status: str = "RUNNING"
    until: int = 0
    ended: int = EVER
    tries: int = 0
    task: Task | None = None


class Life:
    """A life of one job, decided by a seed."""

    def __init__(self, definition: Mapping[str, Any], seed: int, table: Table | None = None) -> None:
        self.definition, self.random = definition, random.Random(seed)
        self.table: Table = table or Memory()
        self.now, self.runs, self.tasks = 0, dict[str, Run](), list[Task]()
        self.trace: list[str] = []

    def overlaps(self) -> bool:
        return sum(task.alive(self.now) for task in self.tasks) > 1

    def lead(self, steps: int) -> bool:
        """Live for this many steps. Returns whether two tasks ran at the same time."""
        for _ in range(steps):
            live = [run for run in self.runs.values() if run.status == "RUNNING"]
            match self.random.choices(("start", "step", "kill", "wait"), (2, 12, 1, 5))[0]:
                case "start" if len(live) < 4:
                    self.start()
                case "step" if live:
                    self.step(self.random.choice(live))
                case "kill" if live:
                    self.kill(self.random.choice(live))
                case _:
                    self.now += self.random.choice((1, 10, 60, 130, 700))
            if self.overlaps():
                return True
        return False

    def start(self) -> Run:
        run = Run(f"run-{len(self.runs)}", self.definition["StartAt"])
        self.runs[run.name] = run
        return run

    def finish(self, run: Run) -> str:
        """Step a run to its end, with time going on. Returns its last state."""
        while run.status == "RUNNING":
            self.step(run)
            self.now += 10
        return run.state

    def kill(self, run: Run) -> None:
        self._end(run, "ABORTED")
        if run.task and self.random.random() < 0.6:
            self._stop(run.task)

    def step(self, run: Run) -> None:
        if self.now < run.until:
            return
        state = self.definition["States"][run.state]
        self.trace.append(f"{run.name} {run.state}")
        try:
            following = getattr(self, f"_{state['Type'].lower()}")(run, state)
        except Failed as failure:
            caught = [each for each in state.get("Catch", ()) if {str(failure), "States.ALL"} & {*each["ErrorEquals"]}]
            if not caught:
                self._end(run, "FAILED")
                return
            if caught[0]["ResultPath"]:
                run.data["error"] = {"Error": str(failure)}
            following = caught[0]["Next"]
        if following:
            run.state = following

    def _task(self, run: Run, state: Mapping[str, Any]) -> str | None:
        given, me = state["Parameters"], {":me": run.name}
        match state["Resource"].split(":::")[1]:
            case "dynamodb:updateItem":
                values = me | ({":holder": run.data["turn"] or ""} if "turn" in run.data else {})
                asked = {name: values[name] for name in given["ExpressionAttributeValues"]}
                self._condition(self.table.update(run.name, given["ConditionExpression"], asked))
            case "dynamodb:deleteItem":
                self._condition(self.table.delete(given["ConditionExpression"], me))
            case "dynamodb:getItem":
                run.data["turn"] = self.table.get()
            case "aws-sdk:sfn:describeExecution":
                holder = self.runs[run.data["turn"]]
                run.data["holder"] = holder.status if self.now >= holder.ended + LAG else "RUNNING"
            case "aws-sdk:ecs:listTasks":
                run.data["others"] = sum(task.listed(self.now) for task in self.tasks)
            case "ecs:runTask.sync":
                return self._run(run, state)
        return str(state["Next"])

    def _run(self, run: Run, state: Mapping[str, Any]) -> str | None:
        if run.task is None:
            lasts = self.random.choice((5, 300, 1500, 4000))
            run.task = Task(self.now, self.now + lasts, fails=self.random.random() < 0.4)
            self.tasks.append(run.task)
            return None
        task = run.task
        if task.alive(self.now) and self.now - task.started >= state["TimeoutSeconds"]:
            self._stop(task)
            raise Failed("States.Timeout")
        if task.alive(self.now):
            return None
        run.task = None
        if not task.fails:
            return str(state["Next"])
        run.tries += 1
        if run.tries <= sum(retry["MaxAttempts"] for retry in state["Retry"]):
            return None
        raise Failed("States.TaskFailed")

    def _wait(self, run: Run, state: Mapping[str, Any]) -> str:
        run.until = self.now + state["Seconds"]
        return str(state["Next"])

    def _choice(self, run: Run, state: Mapping[str, Any]) -> str:
        for choice in state["Choices"]:
            found = run.data.get(choice["Variable"].split(".")[1])
            if any(
                (
                    choice.get("IsPresent") and found is not None,
                    "StringEquals" in choice and found == choice["StringEquals"],
                    "NumericEquals" in choice and found == choice["NumericEquals"],
                    "NumericGreaterThan" in choice and found > choice["NumericGreaterThan"],
                )
            ):
                return str(choice["Next"])
        return str(state["Default"])

    def _pass(self, run: Run, state: Mapping[str, Any]) -> None:
        self._end(run, "SUCCEEDED")

    def _succeed(self, run: Run, state: Mapping[str, Any]) -> None:
        self._end(run, "SUCCEEDED")

    def _fail(self, run: Run, state: Mapping[str, Any]) -> None:
        self._end(run, "FAILED")

    def _end(self, run: Run, status: str) -> None:
        run.status, run.ended = status, self.now

    def _stop(self, task: Task) -> None:
        task.gone = min(task.gone, self.now + self.random.randint(0, LONGEST_STOP))

    @staticmethod
    def _condition(met: bool) -> None:
        if not met:
            raise Failed("DynamoDB.ConditionalCheckFailedException")
