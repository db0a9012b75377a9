"""Identity: signed credentials are verified with public keys that are fetched and kept for a while.

Here: keys and signatures. The principal that verified claims stand for is decided in `core/access`.
"""
