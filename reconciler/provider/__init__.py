"""The warm provider: provider processes that stay alive between terraform runs.

A plain run spends seconds of CPU and hundreds of megabytes on starting the AWS provider. Here a process of its own
keeps it running, and each run attaches through `TF_REATTACH_PROVIDERS` on a private socket. The rule of the whole
package: a run through it gives the same result as a plain one, and nothing of one run is ever seen by another.
It imports nothing of the rest of the product.
"""
