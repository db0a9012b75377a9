"""Deliver notices to Slack: threads, retries, the Web API, and Slack's markup.

Here: everything that only Slack needs. The content of a notice, and its time, are decided in `core/notify`; another
messenger would be a folder beside this one.
"""
