"""A cluster: its API server, and pods reached through it."""
