"""Beds from MusicGen."""
