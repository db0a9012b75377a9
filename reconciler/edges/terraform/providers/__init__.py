"""Facts about the providers of a root beside their answers: versions and schemas.

Running them is the warm provider's (`reconciler/provider`), installing them is `edges/terraform/plugins`.
"""
