"""What it means: frozen dataclasses and pure functions over the standard library."""
