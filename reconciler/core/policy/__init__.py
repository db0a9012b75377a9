"""Rules that a plan must satisfy before it may be applied.

Here: functions of a plan that return violations, or the reason why it needs an approval. What the daemon does with the
answer is `core/decide/verdict.py`.
"""
