"""Metacontroller composite hooks for ToolHive's custom resources."""

__version__ = "0.2.0"
