"""Layers of rooms and stages: windows, furniture, fire, cloth, light in the air."""
