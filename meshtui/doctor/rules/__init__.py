"""The rules, a module for each part of the evidence: each is a function from what was seen to findings."""
