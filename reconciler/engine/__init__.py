"""The engine: a queue of keys, passes over one key, and the controller around them.

Here: asyncio around the decisions of `core`. Effects are reached through Protocols only; `reconciler.app` puts the
edges behind them.
"""
