"""Changes that Terraform saw outside of it: who accounts for them, and whether only the state does not know them.

Here: relations between resources, schemas of providers, and the comparison of a state with its root.
"""
