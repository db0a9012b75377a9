"""The warm provider: AWS provider processes that stay alive between Terraform runs and are attached to each run.

Here: its own process, with the rule that a run through it gives the result of a plain run and shows nothing of another
run. It imports nothing of the rest of the product; `edges/terraform` attaches runs, `cli` has its commands.
"""
