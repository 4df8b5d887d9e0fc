"""Lines of the config view: pure functions from values to spans."""
