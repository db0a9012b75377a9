"""Access: which roles a request needs and people have, what credentials prove, and who is the same person.

Here: pure rules over values. Signatures and keys are checked in `edges/identity`, requests are read in `web`; what the
answer does to an instance is decided in `core.decide`.
"""
