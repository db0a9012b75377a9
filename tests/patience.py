"""The limit of a test's wait for an event: only a hang takes longer, a loaded machine does not.

It is under the time limit of a test, so that a failure says what did not happen.
"""

PATIENCE = 300.0
