"""Run Terraform: workspaces, command lines, the environment of its processes, its messages.

Here: everything about the `terraform` program. The meaning of a plan belongs to `core/plan`, the warm provider's own
process to `reconciler/provider`.
"""
