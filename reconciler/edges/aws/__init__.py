"""AWS API calls: the clients, and one module per port of `core/ports/aws.py`; `account` reads all of an environment.

Here: requests, and answers converted to values of `core`. Stores and Terraform states that are kept in AWS are in
`edges/store` and `edges/state`.
"""
