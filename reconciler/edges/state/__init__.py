"""Terraform's state objects and locks in S3 and DynamoDB, read without Terraform.

Here: where a state lies, who holds its lock, which states exist. Nothing here writes a state: Terraform does.
"""
