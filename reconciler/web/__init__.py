"""HTTP: the API over TCP and a unix socket."""
