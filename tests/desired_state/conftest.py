"""A Hypothesis profile without deadlines, because the duration of an example depends on the machine's load."""

from hypothesis import HealthCheck, settings

settings.register_profile("no-deadline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no-deadline")
