"""Read a live account for `reconciler verify`, with operations that describe, get or list, and no other.

Here: requests, and their answers as the values of `core/verification`. Judging them is `core/verification`.
"""
