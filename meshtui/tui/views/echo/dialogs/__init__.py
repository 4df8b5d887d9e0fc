"""Dialogs of the echo view: each returns one value, or nothing when it is left."""
