"""Lines of the identity view: pure functions from values to spans."""
