"""Run child processes and blocking calls without blocking the event loop.

Here: starting, draining and ending processes, ending the processes that a killed run left, threads. Nothing here
depends on the program that runs; the command lines of Terraform and Git are in their own folders.
"""
