"""Access: people, and what tells them apart. Pure functions of names and proofs.

Not here: how a caller proves its name (`reconciler.web`), and what the answer does to an instance (`core.decide`).
"""
