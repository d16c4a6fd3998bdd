"""PyTorch's files of tensors, opened without running what is in them."""

import importlib.util
import pickle
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from spsnet.records import UserError

_DAMAGED = (
    OSError, EOFError, RuntimeError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError,
    zipfile.BadZipFile,
)  # fmt: skip
_FORBIDDEN = re.compile(r"GLOBAL (\S+)")
"""Where PyTorch's refusal says which name was asked for."""


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
        with warnings.catch_warnings(action="ignore"):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        name = _FORBIDDEN.search(str(error))
        asked = f"it asks for {name[1]}" if name else "it holds other things than tensors"
        raise UserError(f"{path}: refused, nothing in it was run: {asked}; get the file from its source") from error
    except _DAMAGED as error:
        reason = str(error).partition("\n")[0].partition(". ")[0] or type(error).__name__
        raise UserError(f"{path}: not a whole file of PyTorch ({reason}); get the file again") from error
    return _to_arrays(content)


def save_tensors(content: dict[str, Any], path: Path) -> None:
    """Write arrays as tensors of single numbers, text as it is.

    Raises:
        UserError: If PyTorch is missing.
    """
    _require_torch(path)
    import torch

    def convert(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: convert(item) for key, item in value.items()}
        if isinstance(value, str):
            return value
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
