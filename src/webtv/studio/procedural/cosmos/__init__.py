"""Layers of outer space."""
