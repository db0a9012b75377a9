"""What is known of a root's providers beside their answers: versions and schemas.

Running them is the warm provider's (`reconciler/provider`), installing them is `edges/terraform/plugins`.
"""
