"""Fakes of the ports, one module per module of `reconciler.core.ports`, and `fake_world`, which connects them.

A fake remembers its calls and gives one fixed answer. A test that needs more derives from it.
"""
