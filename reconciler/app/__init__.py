"""Composition: the daemon and the commands that work without one, put together from settings, engine and edges.

Here: the only modules that import both `engine` and `edges`, signals, and the order of start and stop. No decision and
no effect of its own; settings are read in `config`.
"""
