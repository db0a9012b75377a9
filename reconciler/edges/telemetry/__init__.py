"""What the daemon publishes about itself: log lines and Prometheus metrics.

Values are read from records at scrape time. Notices to people are in `edges/slack`.
"""
