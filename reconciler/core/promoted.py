"""Which Terraform root tree an instance may use, as its record keeps it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promoted:
    """`tree_id` is the newest root tree that the instance was let to take, `settled` whether it came to rest with it.

    `held` says why the tree that Git asks for is kept from it meanwhile; None while nothing is. `asked`: a person let
    it through, so it counts for nobody and waits for nobody."""

    tree_id: str
    settled: bool = False
    held: str | None = None
    asked: bool = False
