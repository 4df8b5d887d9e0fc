"""View 2: what the client holds and how it hangs together."""
