"""Layers of the open air: sky and weather, land, water, and all that grows."""
