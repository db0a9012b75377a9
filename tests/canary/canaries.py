"""Secrets that are recognised in any output, in the shapes of real ones, and a redactor that hides nothing.

Every secret is planted twice: behind the product's redactor, where no output may hold it, and behind `Blind`, where
some output must. So an input that reaches no output cannot pass for a safe one.
"""

import base64
import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.core.redaction.redactor import Redactor

KEY = b"a key for tests"
_TELLING = 12
_HEX, _WIDE = "0123456789abcdef", "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class Canary:
    """One secret. `secret` must not appear, `value` is the field that holds it, `quoted` a text that quotes it."""

    shape: str
    secret: str
    value: str
    quoted: str

    def seen_in(self, outputs: Mapping[str, bytes]) -> list[str]:
        """Return the outputs that hold it, plain or in base64. Its first 12 characters count as the secret."""
        forms = (self.secret[:_TELLING].encode(), base64.b64encode(self.secret.encode()))
        return [name for name, content in outputs.items() if any(form in content for form in forms)]


def canaries_for(name_of_input: str) -> list[Canary]:
    """Return one canary of every shape. Each input has its own canaries."""
    rng = random.Random(name_of_input)

    def of(letters: str, length: int) -> str:
        return "".join(rng.choices(letters, k=length))

    plain, aws, slack = of(_HEX, 40), of(_WIDE, 40), f"xoxb-{of('0123456789', 12)}-{of(_WIDE, 24)}"
    password, inner, body, encoded = of(_WIDE, 20), of(_HEX, 32), of(_WIDE, 64), of(_HEX, 32)
    url = f"https://deploy:{password}@git.example/manifests.git"
    document = json.dumps({"password": inner})
    pem = f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"
    blob = base64.b64encode(f"{encoded}; export DB_PASSWORD={encoded}\n".encode()).decode()
    return [
        Canary("random", plain, plain, f"the password={plain} was refused"),
        Canary("aws", aws, aws, f"aws_secret_access_key = {aws}"),
        Canary("slack", slack, slack, f"posting with {slack} failed"),
        Canary("url", password, url, f"fatal: unable to access {url}: 403"),
        Canary("pem", body, pem, f"bad key {pem}"),
        Canary("json", inner, document, f"request body {json.dumps(document)} rejected"),
        Canary("base64", blob, blob, f"Authorization: Basic {blob}"),
    ]


def text_of(canaries: Iterable[Canary]) -> str:
    """Return a text that quotes all of them."""
    return "; ".join(canary.quoted for canary in canaries)


class Blind(Redactor):
    """A redactor that hides nothing."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(KEY)

    def with_literals(self, *literals: str) -> "Redactor":
        return self

    def mark(self, value: Any) -> str:
        return value if isinstance(value, str) else json.dumps(value, default=str)

    def value(self, value: Any, sensitive_mask: Any = False) -> Any:
        return value

    def container_definitions(self, definitions: Any) -> Any:
        return definitions

    def text(self, text: str, *literals: str) -> str:
        return text
