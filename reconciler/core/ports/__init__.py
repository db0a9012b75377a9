"""Ports: what the engine needs from the outside world, as Protocols, with the values and errors that cross the border.

Here: one file per counterpart, without implementations. The edges implement these; only `reconciler.app` connects the
two.
"""
