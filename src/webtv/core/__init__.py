"""What every room uses and what uses no room: ids, clock, errors, events, settings, files, processes."""
