"""What a user can do about a problem, one sentence each, by its kind."""

from collections.abc import Mapping

REMEDIES: Mapping[str, str] = {
    "exchange": "Look at the overlay there; cut the film in two at this time and run each part.",
    "jump": "Look at the overlay there; crop the film to the one you mean, or keep fewer with --people.",
    "frozen": "Do not measure there; run again with --force, and without --smooth, if you gave it.",
    "repeated": "The film seems to stand still there: cut this stretch out of it.",
    "off": "Look at the overlay there, and run without --no-refine and with a smaller --smooth, if you gave them.",
    "sides": "Do not tell left from right there; cut the film to the rest, or film more from the front.",
    "bones": "Look whether the body is on one and the same person there; give the camera's --focal-px if you know it.",
    "jitter": "Run with --smooth 0.1, and without --no-refine, if you gave it.",
    "gap": "Do not measure there; try another --detector, or crop the film to the person.",
    "missing": "The film is damaged there: copy it again, or convert it before the run.",
    "unsure": "Do not rely on this stretch; film with more light and nearer, or crop the film to the person.",
    "skate": "Give the camera's --focal-px if you know it; if the camera moves, feet that slide mean nothing.",
}
"""Gravest first. Options named here are options of `spsnet run`."""
