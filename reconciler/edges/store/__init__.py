"""Durable storage: records, history, root trees and reports, on a disk or in AWS.

Both kinds keep the same promises, which `core/ports/store.py` states and the contract tests check.
"""
