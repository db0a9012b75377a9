"""Decisions: whether to look, what to do about a plan, whether a lock may be broken, whether a tree may be taken.

Pure functions of records, plans and settings; their answers are values. What an answer does to a record is
`core/status`, carrying it out is `engine/passes`.
"""
