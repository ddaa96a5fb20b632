"""A bounded load for a while, and whether the server's processes grow under it: `make soak`."""
