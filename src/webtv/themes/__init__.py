"""Channels as curators write them: schema, loader with places, watcher."""
