"""Fingerprints of inputs, for the summary."""

import hashlib
from pathlib import Path

from spsnet.records import UserError
from spsnet.video.pictures import list_pictures


def compute_sha256(path: Path | str) -> str:
    """Compute the SHA-256 of a file, or of the pictures of a folder one after the other in film order.

    Args:
        path: File or folder of pictures. Read in pieces: any size is fine.

    Returns:
        64 hexadecimal digits.

    Raises:
        UserError: If a file cannot be read.
    """
    path = Path(path)
    digest = hashlib.sha256()
    for file in list_pictures(path) if path.is_dir() else [path]:
        try:
            with file.open("rb") as opened:
                while piece := opened.read(1 << 20):
                    digest.update(piece)
        except OSError as error:
            raise UserError(f"{file}: cannot be read ({error.strerror or error})") from error
    return digest.hexdigest()
