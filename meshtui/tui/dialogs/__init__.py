"""Dialogs: each returns one value, or nothing when it is left."""
