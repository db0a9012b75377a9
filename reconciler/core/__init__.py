"""The core: pure decisions. Functions of values, without clock, disk, network or randomness of their own.

Here: values on the ground, then folders in layers (`pyproject.toml` has the contract). No effects: time and randomness
come in as arguments, and anything that touches the outside world is behind a Protocol in `ports`.
"""
