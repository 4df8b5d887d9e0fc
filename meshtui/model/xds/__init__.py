"""The accepted config: resources, how they hang together, and which route a request takes."""
