"""The main path: a film in, people out."""
