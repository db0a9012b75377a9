"""The durable document of an instance, its parts, and its form as JSON.

Here: values that are stored. No rule that changes them: new records are made in `core/status` only, and decisions
that read them are in `core/decide`. One part, the rule at the load balancer, comes with its fold: `routing`.
"""
