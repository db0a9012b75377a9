"""What the engine needs from the outside world, as Protocols, with the values and errors that cross the border.

One file per counterpart. The edges implement these; only `reconciler.app` connects the two.
"""
