"""Istio's own objects: read from YAML, with the line each thing was written on."""
