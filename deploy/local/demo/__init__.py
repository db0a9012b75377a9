"""The demo: the daemon on real input, end to end, in steps that are each verified against AWS itself."""
