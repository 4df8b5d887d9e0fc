"""The one small world that tests look at: config, certificates, a clock, and sources that say what a test writes."""
