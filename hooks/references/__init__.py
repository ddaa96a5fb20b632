"""References: names in a spec, and the values that they lead to."""
