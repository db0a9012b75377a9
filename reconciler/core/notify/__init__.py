"""Incidents and notices: what operators are told about an instance or the source, and when.

Here: neutral text, and the difference between what is and what was said. Delivery and the markup of a messenger belong
to `edges/slack`.
"""
