"""The controllers of shared configs."""
