"""The picker: which pod of which cluster to look at."""
