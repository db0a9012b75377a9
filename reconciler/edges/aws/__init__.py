"""Calls of AWS APIs: clients, and one file per question that the engine or `verify` asks.

Here: requests, and answers turned into values of `core`. Stores and state objects that happen to lie in AWS are in
`edges/store` and `edges/state`.
"""
