"""Every test run checks the shape and type of every annotated argument."""

import signal

from hypothesis import settings
from jaxtyping import install_import_hook

install_import_hook("spsnet", "beartype.beartype")

settings.register_profile("untimed", deadline=None)  # on a shared machine a slow example says nothing
settings.load_profile("untimed")

# A shell that starts the tests in the background has them ignore Ctrl-C, which some of them send; children inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)
