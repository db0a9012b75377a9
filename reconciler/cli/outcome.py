"""Outcomes of a command: the exit codes that scripts rely on, and the exception with a message for the user."""

from enum import IntEnum


class Exit(IntEnum):
    """0 ok, 1 failed, 2 usage or invalid input, 3 drift or pending changes found."""

    OK = 0
    FAILED = 1
    INVALID = 2
    FOUND = 3


class CommandFailed(Exception):
    """The command failed; the message is one line for the user, `code` the exit code."""

    def __init__(self, message: str, *, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code
