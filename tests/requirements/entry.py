"""One requirement's entry on the page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Task:
    """`files` do it; `properties` and `tests` prove it."""

    number: int
    title: str
    files: tuple[str, ...]
    properties: tuple[int, ...] = ()
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Property:
    """`files` hold what the property is about. Its tests begin with `test`, in tests/terraform/properties."""

    number: int
    title: str
    files: tuple[str, ...]

    @property
    def test(self) -> str:
        return f"test_property_{self.number:02}_"
