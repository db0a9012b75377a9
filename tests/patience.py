"""How long a test waits for an event: a hang takes longer, and a loaded machine does not.

It is under the time limit of a test, so that a failure says what did not happen.
"""

PATIENCE = 300.0
