"""Run Terraform: workspaces, command lines, the environment of its processes, its messages.

Here: everything about the `terraform` program. What a plan means is `core/plan`; the warm provider's own process is
`reconciler/provider`.
"""
