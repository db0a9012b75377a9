"""Durable storage: records, history, root trees and reports, on a disk or in AWS.

Here: the implementations of `core/ports/store.py`. Both kinds give the same guarantees, which the contract tests check.
The format of a record is `core/record`.
"""
