"""Check a live account against the requirements: values of an account in, violations out.

Here: the statements that can be checked live and a check for each. Reading an account is `edges/aws/account`, printing
violations is `cli/commands/verification.py`.
"""
