"""The encoder's real failures, kept to be replayed: what it was off by, window by window."""

from dataclasses import dataclass, fields
from pathlib import Path

from jaxtyping import Bool, Float
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from spsnet.records import UserError

NOISE_FILE = "noise.safetensors"


@dataclass(frozen=True, kw_only=True, eq=False)
class SightNoise:
    """What one look at the frames of windows was off by; half precision.

    A part of the body whose sides the encoder exchanged is measured against the other side's truth: what is left is
    small, and the exchange is a flag that holds for any body.
    """

    residual: Float[Tensor, "windows time 33 2"]
    """Seen less true place in the picture, in half sides of the true network box."""
    reach: Float[Tensor, "windows time 4"]
    """How far the landmarks seen go beyond the true ones' bounding box to the left, top, right and bottom, in the same
    unit; negative where they stay inside."""
    confidence: Float[Tensor, "windows time 33"]
    swapped: Bool[Tensor, "windows time parts"]
    """Head; trunk and arms; legs (`views.PART_OF`)."""
    world_residual_m: Float[Tensor, "windows time 33 3"]
    """Of the encoder's own 3D landmarks, against `NoiseBank.world_scale` times the truth along the line of sight."""
    width_residual: Float[Tensor, "windows time 12"]
    """Logarithm of a width over what `NoiseBank.width_map` makes of the body; 0 where the width is unknown."""
    width_known: Bool[Tensor, "windows time 12"]
    present_mask: Bool[Tensor, "windows time"]
    """The encoder saw a person."""


@dataclass(frozen=True, kw_only=True, eq=False)
class NoiseBank:
    """Residuals of windows in which the encoder saw a person at least once."""

    look_m: Float[Tensor, "windows time looked 3"]
    """The true bodies by which windows are compared (`views.BodyView.look_m`)."""
    reluctance: Float[Tensor, " windows"]
    """Added to a window's squared distance from a body, so that in the end all windows are played equally often
    (`replay.balance_windows`): common looks would be played too often, and with them too few failures."""
    world_scale: Float[Tensor, "3"]
    """How large the encoder makes a body across, down and in depth, along the line of sight."""
    width_map: Float[Tensor, "12 conditions"]
    """From a body and how it is seen to the logarithm of each width in metres (`widths.describe_widths`)."""
    seen: SightNoise
    occluded: SightNoise | None
    """Of the same windows with parts of the pictures covered."""

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.look_m)

    @property
    def frames(self) -> int:
        """Length of each window."""
        return self.look_m.shape[1]

    def save(self, folder: Path) -> None:
        """Write `noise.safetensors`; it is whole or not there."""
        arrays = {name: getattr(self, name) for name in _OWN}
        for name, noise in (("seen", self.seen), ("occluded", self.occluded)):
            if noise is not None:
                arrays |= {f"{name}/{field.name}": getattr(noise, field.name) for field in fields(SightNoise)}
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f".{NOISE_FILE}.part"
        save_file({name: array.contiguous() for name, array in arrays.items()}, part)
        part.replace(folder / NOISE_FILE)

    @classmethod
    def load(cls, folder: Path) -> "NoiseBank":
        """Read what `save` wrote.

        Raises:
            UserError: If the file is missing or damaged, naming it.
        """
        path = folder / NOISE_FILE
        try:
            arrays = load_file(path)
            occluded = _take_noise(arrays, "occluded") if "occluded/residual" in arrays else None
            own = {name: arrays[name] for name in _OWN}
            return cls(seen=_take_noise(arrays, "seen"), occluded=occluded, **own)
        except (OSError, SafetensorError, KeyError) as error:
            raise UserError(
                f"{path} cannot be read ({error}); `spsnet synthesize` of a rendered recipe makes it"
            ) from error


_OWN = ("look_m", "reluctance", "world_scale", "width_map")


def _take_noise(arrays: dict[str, Tensor], name: str) -> SightNoise:
    return SightNoise(**{field.name: arrays[f"{name}/{field.name}"] for field in fields(SightNoise)})
