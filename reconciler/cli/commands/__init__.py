"""The commands of `reconciler`, one module for each group of commands that need the same things.

Here: arguments, the call of the daemon or of `app`, and printing the answer. No decision about an instance; options,
tables and exit codes that commands share are in `cli`.
"""
