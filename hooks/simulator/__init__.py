"""Metacontroller and an API server in memory: `render`, `diff` and `migrate` run the hooks over it."""
