"""Lines of the echo view: pure functions from values to spans."""
