"""What the controllers of all workload kinds have in common."""
