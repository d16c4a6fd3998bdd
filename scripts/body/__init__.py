"""The steps that make the open body; `scripts/build_body.py` runs them in order."""
