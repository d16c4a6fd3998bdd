"""Clips, network and losses joined: from a recipe to a model folder."""
