"""Read manifests and Terraform trees from Git repositories and directories.

Here: fetching, mirrors, and reading one commit. The meaning of the files belongs to `desired_state`.
"""
