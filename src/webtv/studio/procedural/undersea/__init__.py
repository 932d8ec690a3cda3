"""Layers below the surface: light in water, reefs, kelp, shoals, wrecks."""
