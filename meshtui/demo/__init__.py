"""The embedded mesh: a real proxyless mesh in child processes."""
