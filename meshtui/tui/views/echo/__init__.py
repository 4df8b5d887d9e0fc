"""View 3: where traffic goes."""
