"""One patched operation of moto, and its installation in moto's response classes.

moto finds the method for an AWS operation by name on a response class. A patch replaces that method and may call the
original (`proceed`), so that it stays small and builds on moto's behaviour. Patches are installed only in the
stand-in's process; a process that merely imports this package sees an unchanged moto.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from moto.core.utils import camelcase_to_underscores

from deploy.local.standin.rollout_rules import RolloutRules


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of a patched operation."""

    response: Any  # moto's response object, with the parsed request, its account and region
    rules: RolloutRules
    original: Callable[[], Any] | None
    arguments: tuple[Any, ...] = ()

    def parameter(self, name: str, default: Any = None) -> Any:
        return self.response._get_param(name, default)

    @property
    def account(self) -> str:
        return str(self.response.current_account)

    @property
    def region(self) -> str:
        return str(self.response.region)

    def proceed(self) -> Any:
        """Run moto's original method. Raises: NotImplementedError when moto has none."""
        if self.original is None:
            raise NotImplementedError(f"moto has no such method of {type(self.response).__name__}")
        return self.original()


@dataclass(frozen=True, slots=True)
class Patch:
    service: str
    operation: str
    reason: str
    owner: type[Any]  # moto's response class of the service; rarely a model
    handler: Callable[[Invocation], Any]
    method: str | None = None  # moto's method, when it is not named after the operation

    @property
    def method_name(self) -> str:
        return self.method or camelcase_to_underscores(self.operation)


def install(patches: Iterable[Patch], rules: RolloutRules) -> None:
    """Install the patches in this process, for the rest of its life."""
    for patch in patches:
        original = getattr(patch.owner, patch.method_name, None)
        setattr(patch.owner, patch.method_name, _method(patch, original, rules))


def _method(patch: Patch, original: Callable[..., Any] | None, rules: RolloutRules) -> Callable[..., Any]:
    def patched(response: Any, *arguments: Any, **named: Any) -> Any:
        proceed = None if original is None else lambda: original(response, *arguments, **named)
        return patch.handler(Invocation(response=response, rules=rules, original=proceed, arguments=arguments))

    return patched
