"""The head-end: playlists in, endless streams out; needs nothing else of the house to be alive."""
