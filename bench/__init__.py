"""Measured claims, each runnable by name: ``python -m bench poll``."""
