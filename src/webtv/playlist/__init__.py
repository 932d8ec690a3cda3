"""What airs, in order: rundown, ffconcat playlist, as-run log."""
