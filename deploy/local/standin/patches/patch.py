"""One mended operation of moto, and how it gets into moto's response classes.

moto finds the method for an AWS operation by name on a response class. A patch takes that method's place and may call
the one it replaced (`proceed`), so it stays small and works on whatever moto already does. Patches are installed in
the stand-in's own process only; a process that merely imports this package sees an unchanged moto.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from moto.core import responses
from moto.core.utils import camelcase_to_underscores, method_names_from_class

from deploy.local.standin.rollout_rules import RolloutRules


@dataclass(frozen=True, slots=True)
class Act:
    """One request on its way through a patch."""

    response: Any  # moto's response object: it holds the parsed request, its account and region
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
        """Do what moto does by itself."""
        if self.original is None:
            raise NotImplementedError(f"moto has no {type(self.response).__name__} method to go on with")
        return self.original()


@dataclass(frozen=True, slots=True)
class Patch:
    service: str
    operation: str
    reason: str
    owner: type[Any]  # moto's response class of the service; rarely a model
    mend: Callable[[Act], Any]
    method: str | None = None  # where moto's method is not named after the operation

    @property
    def place(self) -> str:
        return self.method or camelcase_to_underscores(self.operation)


def install(patches: Iterable[Patch], rules: RolloutRules) -> None:
    """Put the patches in place, for the rest of this process."""
    for patch in patches:
        setattr(patch.owner, patch.place, _method(patch, getattr(patch.owner, patch.place, None), rules))
    # moto lists the methods of a response class anew at each request, a fifth of its time. They change only above.
    vars(responses)["method_names_from_class"] = cache(method_names_from_class)


def _method(patch: Patch, original: Callable[..., Any] | None, rules: RolloutRules) -> Callable[..., Any]:
    def mended(response: Any, *arguments: Any, **named: Any) -> Any:
        before = None if original is None else lambda: original(response, *arguments, **named)
        return patch.mend(Act(response=response, rules=rules, original=before, arguments=arguments))

    return mended
