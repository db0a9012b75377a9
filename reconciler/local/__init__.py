"""The other users of this machine: whose a folder, a link, a socket and its two ends are.

Here: checks of owner, mode and peer before anything is trusted. It imports nothing of ours, so that the warm provider,
the API and the command line share it.
"""
