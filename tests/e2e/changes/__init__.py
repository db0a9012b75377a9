"""What people do to an account by hand, and what has to be said about it."""
