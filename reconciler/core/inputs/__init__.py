"""The variables of Terraform roots, compiled from manifests, one module per kind.

A default that Terraform can give is not here: it belongs in `terraform/modules`.
"""
