"""Who one target is: its files, its agent and its live connections, followed."""
