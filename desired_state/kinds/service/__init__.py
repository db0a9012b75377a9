"""The spec of a service, a module for each group of fields; `spec` puts them together and holds the rules between them.

Containers have a package of their own, `desired_state/kinds/container`, and so have rules between two manifests.
"""
