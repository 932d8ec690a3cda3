"""The sounds of places, one function each: (samples, chance) to float32[samples, 2]."""
