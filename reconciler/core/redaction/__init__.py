"""Find and mask secrets in values, plans and messages.

Here: what looks like a credential, and which texts a plan marks as sensitive. Nothing here knows an instance, a record
or where a message goes; redacting events is `core/status/redaction.py`.
"""
