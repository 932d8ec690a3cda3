"""FILM, Frame Interpolation for Large Motion: the network, its weights, and the adapter."""
