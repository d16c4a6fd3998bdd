"""Clips made here: open motion on open bodies, simulated or rendered."""
