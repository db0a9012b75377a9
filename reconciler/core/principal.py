"""The principal of a request: the name under which it is recorded, and how that name was established."""

from dataclasses import dataclass
from typing import Literal

Proof = Literal["socket", "token"]


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller of the API. `name` is what the caller says it is; `proof` is why the caller may act.

    `socket`: it could open the daemon's unix socket, whose mode is 0600. `token`: it sent the bearer token.
    """

    name: str
    proof: Proof
