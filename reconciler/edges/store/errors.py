"""What can go wrong with any store.

StoreFailed          the store cannot be used now
├─ StoreCorrupt      what it keeps is damaged
└─ StoreTooNew       a newer version wrote it
"""


class StoreFailed(Exception):
    """The store cannot be used now."""


class StoreCorrupt(StoreFailed):
    """What it keeps is damaged."""


class StoreTooNew(StoreFailed):
    """A newer version wrote it."""
