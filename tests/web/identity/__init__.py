"""Identity over HTTP: credentials, roles, hosts and certificates."""
