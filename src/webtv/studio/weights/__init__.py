"""Weights: which models there are, on what terms, where they lie, and that they are what they were."""
