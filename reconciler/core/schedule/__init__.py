"""When which instance is visited: pending visits, the time of the next one, the budget of AWS calls.

No clock and no waiting: times come in as values. The queue that waits is `engine/queue.py`.
"""
