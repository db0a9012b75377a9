"""Provider processes: starting, sharing, recycling and ending them, and whose credentials each one holds.

Here: the pool and what it needs to know of the machine. Nothing of the protocol's messages.
"""
