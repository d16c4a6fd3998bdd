"""Every test run checks the shape and type of every annotated argument."""

from jaxtyping import install_import_hook

install_import_hook("spsnet", "beartype.beartype")
