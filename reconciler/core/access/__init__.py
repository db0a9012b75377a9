"""Access: which roles a request needs, which roles people have, and what their credentials prove.

Here: pure rules over values. Signatures and keys are checked in `edges/identity`, requests are read in `web`.
"""
