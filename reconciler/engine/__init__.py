"""The reconciler proper: a queue of keys, one pass over one key, and the controller around them."""
