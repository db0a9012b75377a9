"""Passes: one execution over one instance, readable from top to bottom in `reconcile.py`; the other files are its
steps.

Here: carrying out what `core/decide` decided, through the ports in `engine/world.py`. No waiting for work, and no
knowledge of who requested the visit.
"""
