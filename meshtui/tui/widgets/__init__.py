"""Widgets that take one value and paint it."""
