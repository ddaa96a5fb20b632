"""Metacontroller composite hooks for ToolHive's custom resources."""

__version__ = "0.1.0"
