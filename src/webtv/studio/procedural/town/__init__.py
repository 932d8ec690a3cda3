"""Layers that people built: streets, houses, harbours, castles."""
