"""Secrets are planted in every input of the daemon and searched for in every byte of its outputs."""
