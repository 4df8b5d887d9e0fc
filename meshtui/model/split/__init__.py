"""Is the observed split the configured one?"""
