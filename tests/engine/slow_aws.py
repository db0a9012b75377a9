"""A small AWS in memory: one service, whose rollouts are those of the stand-in, and whose answers take time.

Whatever happens outside of the engine may come between two answers: pushes, autoscaling, tasks that die or fall sick.
"""

import dataclasses
import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from deploy.local.standin import rollouts
from reconciler.core.environment import Environment
from reconciler.core.plan.deployment import ContentHolder, Needs
from reconciler.core.ports.aws import Contents
from reconciler.core.ports.terraform import Run, Workspace
from reconciler.edges.aws.clients import AwsClients, AwsFailed
from tests.core.documents import change, document
from tests.core.instances import IMAGE
from tests.engine.fake_engine import FakeEngine, ServiceTerraform

TAGS = ("3f9c2d1", "77ab012", "90cd345")
WORKS = "f00dcab"
WANTED = 2
TASKS_START = timedelta(seconds=20)
BREAKER = rollouts.Breaker(enabled=True, rollback=True)
TARGETS = "targetgroup/orders"


def image_of(tag: str) -> str:
    return f"{IMAGE.rpartition(':')[0]}:{tag}"


class SlowAws(AwsClients):
    """ECS, ECR and a load balancer with one service. Time passes before and after each answer."""

    def __init__(self, engine: FakeEngine, rng: random.Random) -> None:
        self.engine, self.rng = engine, rng
        self.pushed: list[str] = []
        self.images: dict[str, str] = {}  # by task definition
        self.rollout: rollouts.Rollout | None = None
        self.sick = 0  # tasks whose targets are unhealthy
        self.broken = False  # whether new deployments fail
        self.minimum = 0
        self.live = False  # whether the service was as Git asks at a moment since `begin_pass`

    def register(self, image: str) -> str:
        definition = f"arn:task-definition/develop-orders:{len(self.images) + 1}"
        self.images[definition] = image
        return definition

    def deploy(self, image: str) -> None:
        self._advance()
        definition, failing = self.register(image), self.broken and "awaiting" not in image
        if self.rollout is None:
            self.rollout = rollouts.begin(
                "orders", definition, desired=self.minimum, failing=failing, breaker=BREAKER, now=self.engine.now
            )
        elif self.images[self.rollout.primary.task_definition] != image:
            self.rollout = rollouts.deploy(self.rollout, definition, failing=failing, now=self.engine.now)

    def scale(self) -> None:
        """Let autoscaling raise the count to its minimum."""
        self._advance()
        if self.rollout and self.rollout.primary.desired < self.minimum:
            self.rollout = rollouts.scale(self.rollout, self.minimum, now=self.engine.now, delay=TASKS_START)

    def stop_a_task(self) -> None:
        """Let a task die: ECS starts another one, and its deployment stays completed."""
        self._advance()
        if self.rollout and self.rollout.primary.desired:
            primary = self.rollout.primary
            left = dataclasses.replace(primary, started=max(0, primary.started - 1), scaled_at=self.engine.now)
            self.rollout = dataclasses.replace(self.rollout, primary=left)

    def passes(self, most: int = 8) -> None:
        """Let time pass, and anything happen in it."""
        for _ in range(self.rng.randrange(3)):
            self.engine.now += timedelta(seconds=self.rng.randrange(most))
            self._advance()
            self.rng.choice([self.push, self.push, self.scale, self.scale, self.stop_a_task, self.falls_sick])()
            self._judge()

    def push(self) -> None:
        self.pushed.append(self.rng.choice(TAGS))

    def falls_sick(self) -> None:
        self.sick = self.rng.choice([0, 0, 0, 1])

    @property
    def healthy_tasks(self) -> int:
        """Count the healthy tasks of the wanted image."""
        assert self.rollout is not None
        primary = self.rollout.primary
        return primary.running(self.engine.now, TASKS_START) - self.sick

    @property
    def wanted_tag(self) -> str | None:
        """Return the tag in Git; None for a pipeline."""
        spec: Any = self.engine.orders.instance.spec
        return spec.image.tag if spec.image else None

    @property
    def wanted_image(self) -> str | None:
        """Return the image of Git; for a pipeline, the one it deployed."""
        if self.wanted_tag:
            return image_of(self.wanted_tag)
        running = self.images[self.rollout.primary.task_definition] if self.rollout else None
        return None if running is None or "awaiting" in running else running

    def begin_pass(self) -> None:
        self.live = False
        self._judge()

    def _judge(self) -> None:
        if self.rollout is None:
            return
        primary = self.rollout.primary
        right = self.images[primary.task_definition] == self.wanted_image
        self.live |= right and self.healthy_tasks >= max(WANTED, primary.desired)

    def _advance(self) -> None:
        if self.rollout:
            self.rollout = rollouts.advance(self.rollout, now=self.engine.now, delay=TASKS_START)

    async def call(self, place: Any, service: str, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        """Answer, and let time pass before and after the answer is made."""
        self.passes()
        self._advance()
        answer = getattr(self, f"_{operation}")(**parameters)
        self.passes()
        self._judge()
        found: Mapping[str, Any] = answer
        return found

    def _describe_services(self, **_: Any) -> Mapping[str, Any]:
        if self.rollout is None:
            return {"services": []}
        now, primary = self.engine.now, self.rollout.primary
        shown = [(primary, "PRIMARY"), *((one, "ACTIVE") for one in self.rollout.replaced)]
        service = {
            "status": "ACTIVE",
            "taskDefinition": primary.task_definition,
            "desiredCount": primary.desired,
            "runningCount": sum(one.running(now, TASKS_START) for one, _ in shown),
            "loadBalancers": [{"targetGroupArn": TARGETS}],
            "events": [{"message": one.message, "createdAt": one.at} for one in self.rollout.events],
            "deployments": [
                {
                    "status": status,
                    "taskDefinition": one.task_definition,
                    "runningCount": one.running(now, TASKS_START),
                    "rolloutState": one.state,
                    "rolloutStateReason": one.reason,
                    "createdAt": one.started_at,
                }
                for one, status in shown
            ],
        }
        return {"services": [service]}

    def _describe_task_definition(self, *, taskDefinition: str) -> Mapping[str, Any]:  # noqa: N803 - as AWS calls it
        return {"taskDefinition": {"containerDefinitions": [{"name": "orders", "image": self.images[taskDefinition]}]}}

    def _describe_images(self, **which: Any) -> Mapping[str, Any]:
        wanted = [one["imageTag"] for one in which.get("imageIds", ())]
        found = [
            {"imagePushedAt": number, "imageDigest": tag, "imageTags": [tag]}
            for number, tag in enumerate(self.pushed)
            if not wanted or tag in wanted
        ]
        if wanted and not found:
            raise AwsFailed("ImageNotFoundException", "no such tag", operation="describe_images")
        return {"imageDetails": found}

    def _describe_target_health(self, **_: Any) -> Mapping[str, Any]:
        assert self.rollout is not None
        deployments = (self.rollout.primary, *self.rollout.replaced)
        running = sum(one.running(self.engine.now, TASKS_START) for one in deployments)
        states = ["unhealthy"] * self.sick + ["healthy"] * max(0, running - self.sick)
        return {"TargetHealthDescriptions": [{"TargetHealth": {"State": state}} for state in states]}


class DeployingTerraform(ServiceTerraform):
    """Terraform that plans and applies the image of its variables, and the minimum of autoscaling.

    It also answers what a deployment needs: an image that was pushed.
    """

    aws: SlowAws
    image = ""

    async def open(self, run: Run) -> Workspace:
        self.image = run.variables["image"]["uri"] or image_of("awaiting-first-image")
        return self

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        self.aws.passes()
        rollout = self.aws.rollout
        runs = self.aws.images[rollout.primary.task_definition] if rollout else None
        if runs == self.image:
            return document()
        action = ["update"] if runs else ["create"]
        return document(change("aws_ecs_service.this", action, runs and {"image": runs}, {"image": self.image}))

    async def apply(self) -> Mapping[str, Any]:
        self.aws.passes()
        self.aws.minimum = 0 if "awaiting" in self.image else WANTED
        self.aws.deploy(self.image)
        assert self.aws.rollout is not None
        definition = self.aws.rollout.primary.task_definition
        self.aws.passes()
        return {"task_definition_arn": definition}

    async def contents(self, holders: Sequence[ContentHolder], environment: Environment) -> Contents:
        return Contents()

    async def missing(self, needs: Needs, environment: Environment) -> Sequence[str]:
        """Return the image of the plan, unless it was pushed."""
        exists = "awaiting" in self.image or self.image.rpartition(":")[2] in self.aws.pushed
        return [] if exists else [f"image {self.image} is not in its registry"]
