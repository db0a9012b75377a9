"""Provider processes: starting, sharing, recycling and ending them, and the credentials that each one has.

Here: the pool, and the limits of the machine. The content of the protocol's messages does not belong here.
"""
