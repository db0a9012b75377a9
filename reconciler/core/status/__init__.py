"""The fold that makes new records: an old record and an event give the next record.

Here: events, and what each does to conditions, drift, rollout and promotion. No decision about what to do next; that
is `core/decide`.
"""
