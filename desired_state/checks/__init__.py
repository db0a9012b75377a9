"""Checks between the manifests of one commit, and against the instances that are known already.

What a tenant may not ask for is not here: see `desired_state/tenants`.
"""
