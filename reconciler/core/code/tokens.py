"""Tokens of HCL: the words of a file, with the templates inside its strings taken apart.

A check of security must see the code that Terraform sees. python-hcl2 does not: it takes `$${"` as one escape, where
HCL's string ends at the quote, and lets a heredoc go on after a marker with a space behind it, so that a block can be
hidden from it. This reader follows HCL's own scanner (hashicorp/hcl, hclsyntax/scan_tokens.rl) and refuses what it
cannot follow.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["name", "sign", "newline", "text"]


@dataclass(frozen=True, slots=True)
class Token:
    """A token. A string or heredoc (`text`) has `parts`: literal texts, and the tokens of each interpolation."""

    kind: Kind
    word: str
    line: int
    parts: tuple["str | tuple[Token, ...]", ...] = ()


Part: TypeAlias = str | tuple[Token, ...]
Tokens: TypeAlias = tuple[Token, ...]

_BLANK = re.compile(r"(?:[ \t]|\#[^\n]*|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_NAME = re.compile(r"[^\W\d][\w-]*")
_NUMBER = re.compile(r"\d+(?:\.\d+)*(?:[eE][+-]?\d+)?")
_SIGN = re.compile(r"==|!=|>=|<=|&&|\|\||::|\.\.\.|=>|[-\[\](){}.,*/%+=<>!?:&|~^;]")
_NEWLINE = re.compile(r"\r?\n")
_HEREDOC = re.compile(r"<<-?([^\W\d][\w-]*)\r?\n")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([nrt\"\\]))")
_PLAIN: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_PLAIN_RUN = re.compile(r"[^$%\"\\\r\n]+")
_UNCLEAR = re.compile(r"\$\$\$+\{|%%%+\{|\r(?!\n)")
_DEEPEST: Final = 100


def tokens_of(text: str) -> Tokens:
    """Return the tokens of a file in HCL. Raises: ValueError, with the line, for what cannot be followed."""
    reader = _Reader(text.removeprefix("\ufeff"))
    return reader.code(closed=False)


def template_of(text: str) -> Tokens:
    """Return a template file, or a string of a file in JSON, as one token of text. Raises: ValueError."""
    return (_Reader(text).template(),)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._at, self._line, self._depth = text, 0, 1, 0
        if unclear := _UNCLEAR.search(text):
            line = text.count("\n", 0, unclear.start()) + 1
            raise ValueError(f"line {line}: the file holds {unclear[0]!r}, which can be read in two ways")

    def code(self, *, closed: bool) -> Tokens:
        """Read code to the end; with `closed`, to the brace that closes an interpolation."""
        found: list[Token] = []
        braces = 0
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._fault("is nested too deeply")
        while self._at < len(self._text):
            if self._match(_BLANK):
                continue
            token = self._token()
            if token.kind == "sign":
                braces += (token.word == "{") - (token.word == "}")
            if braces < 0 and closed:
                break
            found.append(token)
        else:
            if closed:
                raise self._fault("ends inside of a template")
        self._depth -= 1
        return tuple(found)

    def _token(self) -> Token:
        line = self._line
        if self._match(_NEWLINE):
            return Token("newline", "\n", line)
        if self._starts('"'):
            self._take(1)
            return self._quoted(line)
        if heredoc := self._match(_HEREDOC):
            return self._heredoc(heredoc[1], line)
        if word := self._match(_NAME) or self._match(_NUMBER):
            return Token("name", word[0], line)
        if sign := self._match(_SIGN):
            return Token("sign", sign[0], line)
        raise self._fault(f"holds {self._text[self._at]!r}, which is no HCL")

    def template(self) -> Token:
        """Read the whole text as a template."""
        parts: list[Part] = []
        while self._at < len(self._text):
            self._piece(parts)
        return Token("text", "", 1, tuple(parts))

    def _quoted(self, line: int) -> Token:
        parts: list[Part] = []
        while not self._starts('"'):
            if self._at >= len(self._text) or self._text[self._at] in "\r\n":
                raise self._fault("has a string without its end")
            if self._starts("\\"):
                parts.append(self._escape())
            else:
                self._piece(parts)
        self._take(1)
        return Token("text", "", line, tuple(parts))

    def _heredoc(self, marker: str, line: int) -> Token:
        """Read to the line that is the marker, whatever blanks are around it; the newline behind it stays."""
        parts: list[Part] = []
        starts = True
        while self._at < len(self._text):
            end = self._text.find("\n", self._at)
            if end < 0:
                break
            row = self._text[self._at : end]
            if starts and row.strip() == marker:
                if row.strip(" \t\r") != marker:
                    raise self._fault("has blanks that cannot be seen at the end of a heredoc")
                self._take(len(row) - row.endswith("\r"))
                return Token("text", "", line, tuple(parts))
            starts = self._text[self._at] == "\n"
            self._piece(parts)
        raise self._fault(f"has a heredoc without its end {marker}")

    def _piece(self, parts: list[Part]) -> None:
        """Read an escape, an interpolation or one literal character of a template."""
        if self._starts("$${") or self._starts("%%{"):
            parts.append(self._take(3)[1:])
        elif self._starts("${") or self._starts("%{"):
            self._take(2)
            parts.append(self.code(closed=True))
        elif run := self._match(_PLAIN_RUN):
            parts.append(run[0])
        else:
            parts.append(self._take(1))

    def _escape(self) -> str:
        found = self._match(_ESCAPE)
        if not found:
            raise self._fault("has an escape in a string that HCL does not know")
        code = found[1] or found[2]
        return chr(int(code, 16)) if code else _PLAIN[found[3]]

    def _starts(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found:
            self._take(found.end() - found.start())
        return found

    def _take(self, length: int) -> str:
        taken = self._text[self._at : self._at + length]
        self._line += taken.count("\n")
        self._at += length
        return taken

    def _fault(self, what: str) -> ValueError:
        return ValueError(f"line {self._line}: the file {what}")
