"""PyTorch's files of tensors, opened without running what is in them."""

import importlib.util
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from spsnet.records import UserError

_DAMAGED = (
    pickle.UnpicklingError, OSError, EOFError, RuntimeError, ValueError, TypeError, KeyError, IndexError,
    AttributeError, OverflowError, zipfile.BadZipFile,
)  # fmt: skip


def load_tensors(path: Path) -> Any:
    """Read what `torch.save` wrote, tensors as arrays; PyTorch's own list of harmless names holds.

    Raises:
        UserError: If PyTorch is missing, or the file is missing, damaged, or asks for a name that is not on the list.
    """
    _require_torch(path)
    import torch

    if not path.is_file():
        raise UserError(f"{path}: no such file; check the path")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = str(error).partition("\n")[0].partition(". ")[0]
        raise UserError(
            f"{path}: refused, nothing in it was run: it is no file of tensors alone ({reason}); "
            "get the file from its source"
        ) from error
    except _DAMAGED as error:
        reason = str(error).partition("\n")[0]
        raise UserError(f"{path}: not a whole file of PyTorch ({reason}); get the file again") from error
    return _to_arrays(content)


def save_tensors(content: dict[str, Any], path: Path) -> None:
    """Write arrays as tensors of single numbers.

    Raises:
        UserError: If PyTorch is missing.
    """
    _require_torch(path)
    import torch

    def convert(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: convert(item) for key, item in value.items()}
        return torch.from_numpy(np.array(value, dtype=np.float32))

    torch.save(convert(content), path)


def _require_torch(path: Path) -> None:
    if importlib.util.find_spec("torch") is None:
        raise UserError(f"{path}: files of PyTorch need it: pip install 'spsnet[train]'")


def _to_arrays(value: Any) -> Any:
    import torch

    if isinstance(value, torch.Tensor):
        plain = value.detach().to_dense() if value.layout != torch.strided else value.detach()
        return (plain.float() if plain.dtype == torch.bfloat16 else plain).numpy()
    if isinstance(value, dict):
        return {key: _to_arrays(item) for key, item in value.items()}
    return value
