"""When: one attached target, polled, reconnected and remembered."""
