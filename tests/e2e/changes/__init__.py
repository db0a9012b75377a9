"""Changes by hand in an account, and what has to be reported about them."""
