"""The views, a folder each; the registry names them."""
