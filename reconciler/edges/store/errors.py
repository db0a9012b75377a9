"""The errors of every store.

StoreFailed          the store cannot be used now
├─ StoreCorrupt      stored data is damaged
└─ StoreTooNew       a newer version of the daemon wrote the store
"""


class StoreFailed(Exception):
    """The store cannot be used now."""


class StoreCorrupt(StoreFailed):
    """Stored data is damaged."""


class StoreTooNew(StoreFailed):
    """A newer version of the daemon wrote the store."""
