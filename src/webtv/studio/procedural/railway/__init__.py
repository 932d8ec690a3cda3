"""Layers that pass a train window."""
