"""All that a run knows at a step, written and read so that it goes on exactly."""

import copy
import math
import os
import pickle
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from spsnet.network.spsnet import SpsNet
from spsnet.records import UserError

CHECKPOINT_FILE = "checkpoint.pt"
BEST_FILE = "best.pt"
SCORE = "pa_mpjpe_mm"
"""Of the validation's figures the one by which the best model is chosen: the lower the better."""


class Best(NamedTuple):
    """The best validation so far."""

    step: int
    pa_mpjpe_mm: float


class TrainingState:
    """Networks, their optimizers and where the run stands."""

    def __init__(self, network: SpsNet, discriminator: nn.Module | None, *, weight_decay: float) -> None:
        """Start at step 0; the networks are trained where they are, so they should be on their device already."""
        self.network = network
        self.discriminator = discriminator
        self.average = copy.deepcopy(network).eval().requires_grad_(False)
        """Running average of the network's weights, which is what is validated and kept."""
        self.optimizer = _make_optimizer(network, weight_decay)
        self.discriminator_optimizer = None if discriminator is None else _make_optimizer(discriminator, weight_decay)
        self.step = 0
        self.best: Best | None = None
        self._saved: tuple[Path, int] | None = None
        self._followed = [*self.average.parameters(), *self.average.buffers()]
        self._followed_from = [*network.parameters(), *network.buffers()]

    @torch.no_grad()
    def follow(self, decay: float) -> None:
        """Move the average towards the network: average ← decay · average + (1 − decay) · network."""
        torch._foreach_lerp_(self._followed, self._followed_from, 1 - decay)

    def consider_best(self, pa_mpjpe_mm: float) -> bool:
        """Whether the average, so measured, is the best so far; remember it if it is."""
        is_best = pa_mpjpe_mm < (math.inf if self.best is None else self.best.pa_mpjpe_mm)
        if is_best:
            self.best = Best(step=self.step, pa_mpjpe_mm=pa_mpjpe_mm)
        return is_best

    def save(self, path: Path) -> None:
        """Write everything; the file under this name is whole at any moment."""
        parts = {name: part.state_dict() for name, part in self._list_parts().items()}
        _write(path, parts | {"step": self.step, "best": None if self.best is None else tuple(self.best)})
        self._saved = (path, self.step)

    def load(self, path: Path) -> None:
        """Put everything where the checkpoint says.

        Raises:
            UserError: If the file is damaged or of another network.
        """
        try:
            values = _read(path)
            parts = self._list_parts()
            if set(values) != {*parts, "step", "best"}:
                raise KeyError(f"parts {sorted(values)}, wanted {sorted(parts)}")
            for name, part in parts.items():
                part.load_state_dict(values[name])
            self.step = int(values["step"])
            self.best = None if values["best"] is None else Best(*values["best"])
            self._saved = (path, self.step)
        except _DAMAGE as error:
            raise _say_damaged(path, error) from error

    def describe_saved(self) -> str:
        """Where to go on from when the run has to be stopped."""
        if self._saved is None:
            return "there is no checkpoint yet, start anew"
        path, step = self._saved
        return f"{path} holds the run after step {step}, resume it"

    def save_best(self, path: Path) -> None:
        """Write the average alone."""
        _write(path, {"average": self.average.state_dict(), "step": self.step})

    def load_best(self, path: Path) -> None:
        """Read the average alone.

        Raises:
            UserError: If the file is missing, damaged or of another network.
        """
        try:
            self.average.load_state_dict(_read(path)["average"])
        except (*_DAMAGE, OSError) as error:
            raise _say_damaged(path, error) from error

    def _list_parts(self) -> dict[str, Any]:
        parts = {"network": self.network, "average": self.average, "optimizer": self.optimizer}
        if self.discriminator is None:
            return parts
        return parts | {"discriminator": self.discriminator, "discriminator_optimizer": self.discriminator_optimizer}


_DAMAGE = (RuntimeError, EOFError, pickle.UnpicklingError, KeyError, ValueError, TypeError)


def _make_optimizer(module: nn.Module, weight_decay: float) -> torch.optim.AdamW:
    """AdamW, which is Adam where there is no decay; one kernel for all parameters."""
    return torch.optim.AdamW(module.parameters(), lr=0.0, weight_decay=weight_decay, fused=True)


def _read(path: Path) -> dict[str, Any]:
    return torch.load(path, weights_only=True, map_location="cpu")


def _say_damaged(path: Path, error: Exception) -> UserError:
    reason = str(error).partition("\n")[0]
    return UserError(f"{path} is damaged or of another network ({reason}); train into another folder")


def _write(path: Path, values: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        torch.save(values, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
