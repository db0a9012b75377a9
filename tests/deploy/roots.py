"""Roots of `deploy/ecs` whose runs attach to a warm provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from deploy.local import ecs
from tests.terraform.warm import Warm


@dataclass(frozen=True, slots=True)
class Root(ecs.Root):
    """A root whose runs attach to a warm provider."""

    warm: Warm

    @contextmanager
    def environment(self) -> Iterator[Mapping[str, str]]:
        with self.warm.attached(self.folder, self.aws.environment()) as environment:
            yield environment
