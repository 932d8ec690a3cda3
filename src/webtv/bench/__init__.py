"""Benchmarks: ratios between ours and a reference, both measured on the same machine in the same run."""
