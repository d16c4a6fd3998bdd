"""The user's own SMPL, where there is one: data sets that label pose and shape mean this body."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from spsnet.body import BodyModel, load_body
from spsnet.records import Gender, UserError
from spsnet.skeletons import map_joints

REGRESSOR_FILE = "J_regressor_h36m.npy"
_WORDS: Mapping[Gender, tuple[str, ...]] = {
    "neutral": ("neutral",),
    "male": ("male", "_m_"),
    "female": ("female", "_f_"),
}
_SUFFIXES = (".npz", ".pkl")
_SOURCE = "register at smpl.is.tue.mpg.de and put its three files there"


def load_smpl(folder: Path) -> dict[Gender, BodyModel]:
    """Read SMPL's neutral, male and female bodies, with the joints that evaluations regress from them.

    Args:
        folder: Holds one `.pkl` or `.npz` a gender, with the gender in its name (`SMPL_NEUTRAL.pkl`,
            `basicModel_m_lbs_10_207_0_v1.0.0.pkl`), and may hold `J_regressor_h36m.npy` (17, 6890).

    Returns:
        Those genders that are there; with the regressor they know `h36m17` and `lsp14`.

    Raises:
        UserError: If none is there, two claim one gender, or a file is damaged.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder of SMPL bodies; {_SOURCE}")
    files = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES and path.is_file())
    bodies: dict[Gender, BodyModel] = {}
    for gender in _WORDS:
        found = [path for path in files if _find_gender(path) == gender]
        if len(found) > 1:
            raise UserError(
                f"{folder} holds {len(found)} {gender} bodies, {found[0].name} and {found[1].name}; keep one"
            )
        if found:
            bodies[gender] = load_body(found[0])
    if not bodies:
        raise UserError(f"{folder} holds no SMPL body; {_SOURCE}")
    regressor = folder / REGRESSOR_FILE
    return (
        {gender: _add_regressor(body, regressor) for gender, body in bodies.items()} if regressor.exists() else bodies
    )


def _find_gender(path: Path) -> Gender | None:
    name = path.name.lower()
    if "smplx" in name:
        return None
    # "female" holds "male", so it is looked for first.
    for gender in ("female", "male", "neutral"):
        if any(word in name for word in _WORDS[gender]):
            return gender
    return None


def _add_regressor(body: BodyModel, path: Path) -> BodyModel:
    try:
        rows = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{path} cannot be read ({error}); get the file again") from error
    wanted = (17, len(body.template_m))
    if rows.shape != wanted or rows.dtype.kind != "f":
        raise UserError(f"{path} should hold numbers of shape {wanted}, it is {rows.dtype} {rows.shape}; get it again")
    if not np.all(np.isfinite(rows)):
        raise UserError(f"{path} holds numbers that are not finite; get it again")
    lsp = map_joints("h36m17", "lsp14").index
    return replace(
        body, regressors={**body.regressors, "h36m17": rows.astype(np.float32), "lsp14": rows[lsp].astype(np.float32)}
    )
