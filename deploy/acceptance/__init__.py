"""The acceptance run: an empty sandbox account through the whole life of an environment, and back to empty.

Here: the steps and what they cost, the journal of a run, the account's guard and inventory, the evidence. The folder,
the daemon's process and the queries of AWS are shared with the demo (`deploy/local`).
"""
