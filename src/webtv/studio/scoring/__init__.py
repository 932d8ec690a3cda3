"""Scoring: does a take show what was asked for? Measures, and a model that compares picture and text."""
