"""Run child processes and blocking calls without blocking the event loop.

Here: starting, draining and ending processes, finding those of a former daemon, threads. Nothing here knows which
program runs; Terraform's and Git's command lines are in their own folders.
"""
