"""Echo runs of one session: planned, sent, counted and judged."""
