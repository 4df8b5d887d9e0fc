"""View 1: is this client's mesh whole, and if not, what is wrong."""
