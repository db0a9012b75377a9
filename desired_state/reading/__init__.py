"""YAML as data with places: events, scalars, documents, overrides, and suggestions of what to write instead.

Nothing here knows the kinds of manifests or their fields.
"""
