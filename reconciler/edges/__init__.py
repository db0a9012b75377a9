"""Effects on the world outside the daemon: Terraform, AWS, Git, stores, Slack, child processes, metrics.

Here: implementations of the protocols in `core/ports`, a folder for each counterpart. Nothing here decides what happens
to an instance (`core/decide`) or imports `engine` or `web`.
"""
