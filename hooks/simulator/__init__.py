"""Metacontroller and an API server in memory: `render`, `diff` and `migrate` run the hooks over it.

admission   what an API server makes of a manifest
cluster     objects, and what an API server and its garbage collector do to them
sync        one sync of one parent, by Metacontroller's rules: related, answers and merge have some of them
run         every parent synced, until nothing changes
webhooks    how a controller is asked: in this process, or over HTTP
"""
