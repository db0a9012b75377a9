"""What people are told about an instance or the source, and when: opened, updated, reminded, closed.

Neutral text and state only. Delivery and the markup of a messenger belong to `edges/slack`.
"""
