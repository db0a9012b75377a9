"""The spec of a service, a module for each group of fields; `spec` puts them together and holds the rules between them.

A rule between two manifests is not here: see `desired_state/checks`.
"""
