"""Lines of text for each view: pure functions from values to spans."""
