"""Read manifests and Terraform trees from Git repositories and directories.

Here: fetching, mirrors, and reading one commit. What the files mean is `desired_state`.
"""
