"""Providers that Terraform code names, and the settings of the AWS provider that it makes.

A provider is a program. The AWS provider runs further ones where its settings lead to a shared configuration file
(`credential_process`), and sends requests, signed with its credentials, wherever `endpoints` or a proxy leads.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from reconciler.core.code.allowances import PROVIDER, Allowances
from reconciler.core.code.blocks import Block, literal
from reconciler.core.code.tokens import Token, Tokens

_HARMLESS: Final = frozenset({
    "alias", "allowed_account_ids", "default_tags", "dynamic", "forbidden_account_ids", "ignore_tags", "max_retries",
    "region", "retry_mode", "s3_use_path_style", "skip_credentials_validation", "skip_metadata_api_check",
    "skip_region_validation", "skip_requesting_account_id", "token_bucket_rate_limiter_capacity",
    "use_dualstack_endpoint", "use_fips_endpoint", "version",
})  # fmt: skip
# The role that the daemon gives: no manifest can set `var.aws`.
_GIVEN: Final = frozenset({
    "var.aws.role_arn==null?[]:[var.aws.role_arn]",
    "var.aws.role_arn!=null?[var.aws.role_arn]:[]",
    "var.aws.role_arn[*]",
})  # fmt: skip
_ASKED: Final = frozenset({"role_arn", "session_name"})
_WITH_PROVIDER: Final = ("resource", "data", "ephemeral", "action", "list")


def faults(
    blocks: Iterable[Block], declarations: Iterable[Block], allowances: Allowances, *, is_root: bool
) -> Iterator[tuple[int, str]]:
    """Yield what blocks ask of providers beyond the allowances, with its line.

    `declarations` are the `terraform` blocks of all files of their module. In the root, `var.aws` is the
    daemon's own.
    """
    declared = {name: source for block in declarations for name, source, _ in _declared(block)}
    for block in blocks:
        for _, source, line in _declared(block):
            if not allowances.admits_provider(source):
                yield line, _refused(source)
        for line, name in _names(block):
            if name not in declared and name != "terraform" and not allowances.admits_provider(f"hashicorp/{name}"):
                yield line, _refused(f"hashicorp/{name}")
        if block.type == "provider" and block.labels:
            source = declared.get(block.labels[0], f"hashicorp/{block.labels[0]}")
            if source.removeprefix("registry.terraform.io/").lower() == PROVIDER:
                yield from _settings(block, allowances, is_root=is_root)


def _declared(block: Block) -> Iterator[tuple[str, str, int]]:
    """Yield the local name, the source and the line of each entry of `required_providers`."""
    for inner in block.blocks if block.type == "terraform" else ():
        if inner.type == "required_providers":
            for name, value in inner.attributes.items():
                yield name, _source(name, value), value[0].line if value else inner.line


def _refused(source: str) -> str:
    return f"the provider {source} would run as a program on the daemon's machine (`terraform.allow.providers`)"


def _names(block: Block) -> Iterator[tuple[int, str]]:
    """Yield the local names of the providers that a block, or a data source within it, belongs to."""
    for inner in block.within():
        if inner.type == "provider" and inner is block and block.labels:
            yield inner.line, block.labels[0]
        if inner.type in _WITH_PROVIDER and len(inner.labels) == 2:
            named = inner.attributes.get("provider")
            yield inner.line, _reference(named) if named else inner.labels[0].partition("_")[0]


def _reference(value: Tokens) -> str:
    text = literal(value)
    if text is not None:
        return text.partition(".")[0]
    first = value[0]
    parts = [part for part in first.parts if not isinstance(part, str)]
    return parts[0][0].word if parts and parts[0] else first.word


def _source(name: str, value: Tokens) -> str:
    """Return the source that an entry of `required_providers` names; a text that nothing admits if it is unclear."""
    if not value or value[0].word != "{":
        return f"hashicorp/{name}"
    sources = [entry for key, entry in _entries(value) if key == "source"]
    if not sources:
        return f"hashicorp/{name}"
    texts = {literal(entry) for entry in sources}
    return texts.pop() or "without a plain source" if len(texts) == 1 else "with two sources"


def _entries(value: Tokens) -> Iterator[tuple[str, Tokens]]:
    """Yield keys and values of an object; a key is what stands before `=` or `:` right within its braces."""
    depth, starts = 0, []
    for index, token in enumerate(value):
        if token.kind == "sign":
            depth += (token.word in {"(", "[", "{"}) - (token.word in {")", "]", "}"})
            if depth == 1 and token.word in {"=", ":"}:
                starts.append(index)
    for number, start in enumerate(starts):
        end = starts[number + 1] - 1 if number + 1 < len(starts) else len(value) - 1
        entry = tuple(token for token in value[start + 1 : end] if token.word != ",")
        yield _key(value[start - 1]), entry


def _key(token: Token) -> str:
    return token.word if token.kind == "name" else literal((token,)) or ""


def _settings(block: Block, allowances: Allowances, *, is_root: bool) -> Iterator[tuple[int, str]]:
    settings: Mapping[str, int] = {
        **{name: value[0].line if value else block.line for name, value in block.attributes.items()},
        **{inner.type: inner.line for inner in block.blocks},
    }
    for name, line in settings.items():
        if name not in _HARMLESS | allowances.provider_settings and not (is_root and _is_given_role(block, name)):
            yield line, f"the setting `{name}` of the AWS provider (`terraform.allow.provider_settings`)"
    for inner in block.blocks:
        name = inner.labels[0] if inner.labels else ""
        known = name in _HARMLESS | allowances.provider_settings or (is_root and _is_given(inner))
        if inner.type == "dynamic" and not known:
            yield inner.line, f"the setting `{name}` of the AWS provider (`terraform.allow.provider_settings`)"


def _is_given_role(block: Block, name: str) -> bool:
    blocks = [inner for inner in block.blocks if inner.type == name]
    return (
        name == "assume_role" and name not in block.attributes and all(_asks(one, "var.aws.role_arn") for one in blocks)
    )


def _is_given(dynamic: Block) -> bool:
    """Return whether a dynamic block takes on the role that the daemon gives, and no other."""
    each = dynamic.attributes.get("for_each", ())
    contents = [block for block in dynamic.blocks if block.type == "content"]
    return (
        dynamic.labels == ("assume_role",)
        and set(dynamic.attributes) == {"for_each"}
        and "".join(token.word for token in each) in _GIVEN
        and not any(token.kind == "text" for token in each)
        and len(contents) == len(dynamic.blocks) == 1
        and _asks(contents[0], "assume_role.value")
    )


def _asks(block: Block, role: str) -> bool:
    arn = block.attributes.get("role_arn", ())
    plain = "".join(token.word for token in arn) == role and not any(token.kind == "text" for token in arn)
    return plain and set(block.attributes) <= _ASKED and not block.blocks
