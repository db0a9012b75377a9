"""Terraform code, read without running it.

Here: the syntax of HCL and JSON files as values, and functions of them that say what the code would do on the machine
that runs Terraform. What a plan would do in AWS is `core/policy`.
"""
