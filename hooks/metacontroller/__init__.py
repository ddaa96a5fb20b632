"""Metacontroller's composite-controller protocol, for any parent kind: no custom resource, no HTTP, no clock."""
