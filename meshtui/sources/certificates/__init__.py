"""Certificates: parsed, chained, compared with their key, and read from files."""
