"""Tenants: what the manifests of each team may declare, and the refusal of all else.

A rule that holds for everybody does not belong here: see `desired_state/kinds` and `desired_state/checks`.
"""
