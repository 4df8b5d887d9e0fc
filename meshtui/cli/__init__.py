"""Bytes: the command line."""
