"""Predictions and truth joined: tables."""
