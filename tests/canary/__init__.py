"""Secrets planted in every way in, looked for in every byte that comes out."""
