"""Log lines and Prometheus metrics of the daemon.

Here: the set-up of logging, the metrics of records and of the warm provider. Notices to operators are in `edges/slack`.
"""
