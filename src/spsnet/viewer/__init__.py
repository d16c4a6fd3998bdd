"""The page that shows a run: film and bodies on one timeline, served on this machine or as one file."""

from spsnet.viewer.clips import find_clips, open_clip
from spsnet.viewer.film import prepare_film
from spsnet.viewer.page import make_standalone_page
from spsnet.viewer.server import ViewerServer

__all__ = ["ViewerServer", "find_clips", "make_standalone_page", "open_clip", "prepare_film"]
