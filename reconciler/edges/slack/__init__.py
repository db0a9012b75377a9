"""Deliver notices to Slack: threads, retries, the Web API, and Slack's markup.

What is said, and when, is decided in `core/notify`.
"""
