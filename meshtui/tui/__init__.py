"""Pixels: the screen."""
