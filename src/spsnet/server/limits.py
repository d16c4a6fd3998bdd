"""What is taken, and the words with which the rest is refused."""

from dataclasses import dataclass
from http import HTTPStatus


class RefusedError(Exception):
    """A request that is not done, with the status and the words that its sender gets."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one server takes."""

    film_bytes: int = 2_000_000_000
    film_s: float = 600.0
    """Of a film, by its header."""
    waiting: int = 10
    """Films that wait for their turn."""
    uploads: int = 2
    """Films that arrive at the same time."""
    spare_bytes: int = 1_000_000_000
    """Must stay free on the disk."""

    def __post_init__(self) -> None:
        """Refuse a server that takes nothing."""
        for name in ("film_bytes", "film_s", "waiting", "uploads"):
            if not getattr(self, name) > 0:
                raise ValueError(f"Limits.{name} should be positive, got {getattr(self, name)}")

    def require_size(self, name: str, size_bytes: int) -> None:
        """Refuse a film that is too large.

        Raises:
            RefusedError: With both sizes.
        """
        if size_bytes > self.film_bytes:
            raise RefusedError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"{name} has {_name_size(size_bytes)}, at most {_name_size(self.film_bytes)} are taken; "
                "cut or compress the film",
            )

    def require_room(self, name: str, size_bytes: int, free_bytes: int) -> None:
        """Refuse a film that would fill the disk.

        Raises:
            RefusedError: With what is free.
        """
        if size_bytes + self.spare_bytes > free_bytes:
            raise RefusedError(
                HTTPStatus.INSUFFICIENT_STORAGE,
                f"{name} does not fit: {_name_size(free_bytes)} are free on the disk; remove some results",
            )

    def require_length(self, name: str, length_s: float | None) -> None:
        """Refuse a film that lasts too long; one whose header does not say is taken.

        Raises:
            RefusedError: With both lengths.
        """
        if length_s is not None and length_s > self.film_s:
            raise RefusedError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"{name} lasts {length_s / 60:.1f} minutes, at most {self.film_s / 60:g} are taken; cut the film",
            )


def _name_size(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.1f} MB"
