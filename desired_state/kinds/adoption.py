"""Adoption: the existing resources that a manifest imports into its state (`spec.import`).

An address becomes part of an `import` block, which is HCL, so its grammar is strict: no part of it can be evaluated.
An id never becomes HCL; it reaches Terraform as the value of a variable.
"""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from desired_state.kinds.fields import Strict, Text, refuse
from desired_state.located import quote

# First parts of references that are not managed resources: `data.x.y`, `var.x`, `each.key`, …
_RESERVED: Final = frozenset({"count", "data", "each", "local", "module", "path", "self", "terraform", "var"})
_IDENTIFIER: Final = r"[A-Za-z_][A-Za-z0-9_-]{0,127}"
# No quotes, backslashes, `$`, `%` or braces, which could end the text or begin a template.
_INDEX: Final = r'(?:\[(?:0|[1-9][0-9]{0,5}|"[A-Za-z0-9 _.:/@,=+*-]{1,128}")\])?'
_ADDRESS: Final = rf"(?:module\.{_IDENTIFIER}{_INDEX}\.){{0,8}}[a-z][a-z0-9_]{{0,127}}\.{_IDENTIFIER}{_INDEX}"
_ID: Final = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,2048}"
_MOST: Final = 100


def _resource(address: str) -> str:
    kind = address.rsplit("[", 1)[0] if address.endswith("]") else address
    if kind.split(".")[-2] in _RESERVED:
        raise refuse(f"{quote(address)} is not a managed resource, and no other can be imported")
    return address


Address = Annotated[
    str,
    Text(
        _ADDRESS, 'the address of a resource, such as aws_s3_bucket.this or module.app["a"].aws_ecs_service.this', 1024
    ),
    AfterValidator(_resource),
]
ResourceId = Annotated[str, Text(_ID, "an id (one line of text)", 2048)]


class Import(Strict):
    """One existing resource: `to` is its address in the root, `id` the identifier by which the provider finds it."""

    to: Address
    id: ResourceId


def _one_each(imports: tuple[Import, ...]) -> tuple[Import, ...]:
    addresses = [one.to for one in imports]
    for index, address in enumerate(addresses):
        if address in addresses[:index]:
            raise refuse(f"{quote(address)} is listed twice", inside=(index, "to"))
    return imports


Imports = Annotated[tuple[Import, ...], Field(max_length=_MOST, alias="import"), AfterValidator(_one_each)]
