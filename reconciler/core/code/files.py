"""Files that Terraform code reads: by functions, and by resources that upload a file.

The functions are those that Terraform's documentation lists as "Filesystem Functions", and `templatestring`, whose
template may call them. The attributes are those of the AWS provider 5.100 that open a file on its own machine.
"""

import posixpath
from collections.abc import Iterator
from typing import Final

from desired_state.files.tree import Tree
from reconciler.core.code.blocks import Block, literal
from reconciler.core.code.tokens import Token, Tokens, template_of

_READERS: Final = frozenset({
    "file", "filebase64", "filebase64sha256", "filebase64sha512", "fileexists", "filemd5", "fileset", "filesha1",
    "filesha256", "filesha512", "templatefile",
})  # fmt: skip
_OTHERS: Final = frozenset({"pathexpand", "templatestring"})
_UPLOADS: Final = frozenset({"filename", "zip_file"})
_SOURCES: Final = frozenset({"aws_s3_object", "aws_s3_bucket_object"})


def faults(top: Block, folder: str, root: str, tree: Tree) -> Iterator[tuple[int, str]]:
    """Yield each read of a file that cannot be told to stay within the tree, with its line.

    `folder` is that of the block's file, `root` that of the root module.
    """
    uploads = _UPLOADS | ({"source"} if top.labels and top.labels[0] in _SOURCES else set())
    for block in top.within():
        for name, value in block.attributes.items():
            reads = top.type == "resource" and name in uploads and _words(value) != ["null"]
            if reads and _path(value, folder, root) is None:
                line = value[0].line if value else block.line
                yield line, f"`{name}` reads a file of the daemon's machine that is not named in plain text in the tree"
            for line, function, arguments in _calls(value):
                yield from ((line, what) for what in _faults_of_call(function, arguments, folder, root, tree))


def _faults_of_call(function: str, arguments: Tokens, folder: str, root: str, tree: Tree) -> Iterator[str]:
    if function in _OTHERS:
        yield f"`{function}` can reach files of the daemon's machine"
        return
    path = _path(_first(arguments), folder, root)
    if path is None:
        yield f"`{function}` reads a path that is not a plain text inside of the tree"
    elif function == "templatefile":
        if path not in tree:
            yield f"`templatefile` reads {path}, which is not a file of the tree"
        elif _template_reads(tree[path]):
            yield f"`templatefile` reads {path}, whose template itself reads files"
    elif function == "fileset" and ".." in (literal(_rest(arguments)) or ".."):
        yield "`fileset` has a pattern that is not a plain text inside of the folder"


def _template_reads(content: bytes) -> bool:
    try:
        tokens = template_of(content.decode())
    except (ValueError, RecursionError):
        return True
    return any(True for _ in _calls(tokens))


def _calls(value: Tokens) -> Iterator[tuple[int, str, Tokens]]:
    """Yield each call of a function that reads files, with the tokens of its arguments, templates included."""
    words = [token for token in value if token.kind != "newline"]
    for index, token in enumerate(words):
        for part in token.parts:
            if not isinstance(part, str):
                yield from _calls(part)
        if token.kind == "name" and token.word in _READERS | _OTHERS and _opens(words, index + 1):
            yield token.line, token.word, _arguments(words[index + 2 :])


def _opens(words: list[Token], index: int) -> bool:
    return index < len(words) and words[index].kind == "sign" and words[index].word == "("


def _arguments(words: list[Token]) -> Tokens:
    depth = 1
    for index, token in enumerate(words):
        if token.kind == "sign":
            depth += (token.word in {"(", "[", "{"}) - (token.word in {")", "]", "}"})
        if depth == 0:
            return tuple(words[:index])
    return tuple(words)


def _first(arguments: Tokens) -> Tokens:
    end = next((index for index, token in enumerate(arguments) if token.word == ","), len(arguments))
    return arguments[:end]


def _rest(arguments: Tokens) -> Tokens:
    return tuple(token for token in arguments[len(_first(arguments)) + 1 :] if token.word != ",")


def _path(value: Tokens, folder: str, root: str) -> str | None:
    """Return the path within the tree that a plain text names, from `path.module` or `path.root` on if it has them."""
    starts = {"path.module": folder, "path.root": root}
    if (whole := "".join(_words(value))) in starts:
        return starts[whole]
    parts = value[0].parts if len(value) == 1 else ()
    if not parts:
        return None
    start, rest = (root, parts) if isinstance(parts[0], str) else (starts.get("".join(_words(parts[0]))), parts[1:])
    literals = [part for part in rest if isinstance(part, str)]
    text = "".join(literals)
    is_relative = not text.startswith(("/", "~")) if rest is parts else text.startswith("/")
    if start is None or len(literals) != len(rest) or not is_relative:
        return None
    path = posixpath.normpath(f"{start}/{text}")
    return None if path.split("/")[0] in {"..", ""} else path


def _words(value: Tokens) -> list[str]:
    return [token.word for token in value]
