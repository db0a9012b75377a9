"""The reconciler: decisions in `core`, the world in `edges`, the daemon in `engine`, HTTP in `web`, commands in `cli`.

Here: packages only. `config` and `app` read settings and wire the rest together, `provider` keeps the AWS provider
warm. Manifests and what they mean are `desired_state`, deployment is `deploy`.
"""
