"""Read what Terraform prints: plan documents and state files, as small redacted values.

Here: parsing, normalising, digests, and the classification of a plan as change or drift. Nothing here knows a record,
a policy or what will be done about a plan; that is `core/decide`.
"""
