"""RunConfig, part by part."""
