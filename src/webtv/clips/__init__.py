"""From a take to a finished clip: mastering, loudness, checks, marking, poster."""
