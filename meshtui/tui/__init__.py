"""Pixels: the interactive screen. Given sessions, it never opens a source."""
