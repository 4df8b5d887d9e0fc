"""Why: rules that turn what is seen into findings."""
