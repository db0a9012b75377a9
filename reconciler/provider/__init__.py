"""The warm provider: AWS provider processes that stay alive between Terraform runs and are attached to each run.

A plain run spends seconds of CPU and hundreds of megabytes on starting the provider. A warm run must give the same
result and see no data of another run. Here: its own process, which imports nothing of the rest of the product;
`edges/terraform` attaches runs, `cli` has its commands.
"""
