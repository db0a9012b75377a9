"""The kinds of manifests: Service, Job, Platform, Module, their fields, and the explanation of what is wrong in one.

A rule between two manifests is not here: see `desired_state/checks`.
"""
