"""The durable document of an instance, its parts, and its form as JSON.

Here: values that are stored. No rule that changes them: new records are made in `core/status` only, and decisions
that read them are in `core/decide`.
"""
