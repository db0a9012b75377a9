"""The code of a workspace, as Terraform finds it on disk.

Here: checks of what Terraform would run. The decisions are in `core/code`.
"""
