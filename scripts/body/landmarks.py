"""Points people label in pictures: where they lie on the surface, and the joint sets made of them."""

import numpy as np

from body.rig import JOINT_NAMES, PARENTS
from body.shape_space import fit_regressor
from body.source import Source
from spsnet.skeletons import get_joint_set

_SIDES = (("left_", ".L", 1.0), ("right_", ".R", -1.0))

REGRESSED_SETS = ("coco17", "h36m17", "lsp14", "openpose25", "blazepose33")
"""Joint sets that the file gets a regressor of, as `regressor_<name>`."""

_STANDS_FOR = {
    "pelvis": "mid_hip",
    "neck": "neck_base",
    "h36m_spine": "mid_spine",
    "h36m_jaw": "face",
    "h36m_head": "head_top",
}
"""Points that the sets of pictures place elsewhere than SMPL does, and what they are called here."""


def find_surface_points(source: Source, vertices: np.ndarray) -> dict[str, np.ndarray]:
    """Vertices of the full mesh, by landmark, whose mean is the landmark.

    Args:
        source: The body's fixed parts.
        vertices: (V, 3) mean body in the T-pose.

    Returns:
        Landmark name to an array of vertex indices.
    """
    x, y, z = vertices.T
    bones = np.array(source.bone_names)[source.weights.argmax(axis=1)]
    on_head = (bones == "head") & ~source.hidden_mask
    points = {
        "nose": _best(z, on_head & (np.abs(x) < 0.02)),
        "head_top": _best(y, on_head & (np.abs(x) < 1e-3)),
    }
    for side, mark, sign in _SIDES:
        on_side = on_head & (sign * x > 0.0)
        eye = np.flatnonzero(bones == "eye" + mark)
        rim = source.eye_rim_mask & (sign * x > 0.0)
        lips = source.mouth_rim_mask & (sign * x > 0.0)
        foot = np.char.startswith(bones, "toe") & (sign * x > 0.0)
        ankle = (bones == "foot" + mark) & (y < y.min() + 0.03)
        points |= {
            side + "eye": eye[np.argsort(-z[eye])[:12]],
            side + "eye_inner": _best(-sign * x, rim),
            side + "eye_outer": _best(sign * x, rim),
            side + "mouth": _best(sign * x, lips),
            side + "ear": np.flatnonzero(on_side & (sign * x > 0.96 * x[on_head].max())),
            side + "big_toe": _best(z, foot & np.char.startswith(bones, "toe1")),
            side + "small_toe": _best(z, foot & np.char.startswith(bones, "toe5")),
            side + "heel": _best(-z, ankle),
        }
        points[side + "foot_index"] = points[side + "big_toe"]
    points |= {"mouth_" + side: points[side + "_mouth"] for side in ("left", "right")}
    return points


def fit_joint_regressor(
    bodies: np.ndarray, joints: np.ndarray, weights: np.ndarray, mirror: np.ndarray, visible_mask: np.ndarray
) -> np.ndarray:
    """Symmetric regressor of the 24 joints.

    Args:
        bodies: (N, V, 3) people in one pose.
        joints: (N, 24, 3) their joints.
        weights: (V, 24) skinning weights.
        mirror: (V,) mirror image of each vertex.
        visible_mask: (V,) vertices that may take part.

    Returns:
        (24, V).
    """
    rows: dict[str, np.ndarray] = {}
    for joint, name in enumerate(JOINT_NAMES):
        if name.startswith("right_"):
            rows[name] = rows[name.replace("right_", "left_")][mirror]
            continue
        parent = max(PARENTS[joint], 0)
        family = [joint, parent]
        along = (joints[:, joint] - joints[:, parent]).mean(axis=0)
        if name in ("pelvis", "left_hip"):
            family, along = [0, 1, 2, JOINT_NAMES.index("spine1")], np.array([0.0, 1.0, 0.0])
        allowed_mask = visible_mask & (weights[:, family].sum(axis=1) > 0.3)
        middle = None if name.startswith("left_") else mirror
        rows[name] = _fit_around(bodies, joints[:, joint], along, allowed_mask, middle)
    return np.stack([rows[name] for name in JOINT_NAMES])


def fit_keypoint_regressors(
    source: Source,
    bodies: np.ndarray,
    heads: np.ndarray,
    kept: np.ndarray,
    weights: np.ndarray,
    joint_regressor: np.ndarray,
    surface_points: dict[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """Regressors of every joint set in `REGRESSED_SETS`, symmetric, over the kept vertices.

    Args:
        source: The body's fixed parts.
        bodies: (N, V', 3) people in the T-pose, kept vertices only.
        heads: (N, B, 3) their fine bone heads in the T-pose.
        kept: (V',) indices of the kept vertices in the source.
        weights: (V', 24) skinning weights.
        joint_regressor: (24, V').
        surface_points: From `find_surface_points`.

    Returns:
        (K, V') by name of the set.
    """
    new_index = np.full(len(source.mirror), -1)
    new_index[kept] = np.arange(len(kept))
    mirror = new_index[source.mirror[kept]]
    rows = dict(zip(JOINT_NAMES, joint_regressor, strict=True))
    finger_mask = weights[:, [JOINT_NAMES.index("left_wrist"), JOINT_NAMES.index("left_hand")]].sum(axis=1) > 0.5
    for name, bone in (("pinky", "finger5-1.L"), ("index", "finger2-1.L"), ("thumb", "finger1-2.L")):
        points = heads[:, source.bone_names.index(bone)]
        rows["left_" + name] = _fit_around(bodies, points, np.array([1.0, 0.0, 0.0]), finger_mask, None)
        rows["right_" + name] = rows["left_" + name][mirror]
    for name, vertices in surface_points.items():
        present = new_index[vertices]
        present = present[present >= 0]
        assert len(present), f"no vertex of {name} was kept"
        row = np.zeros(len(kept))
        row[present] = 1.0 / len(present)
        rows[name] = row
    rows["mid_hip"] = 0.5 * (rows["left_hip"] + rows["right_hip"])
    rows["neck_base"] = 0.25 * (rows["left_shoulder"] + rows["right_shoulder"]) + 0.5 * rows["neck"]
    rows["mid_spine"] = 0.5 * (rows["mid_hip"] + rows["neck_base"])
    rows["face"] = 0.5 * (rows["nose"] + rows["head"])
    regressors = {}
    for key in REGRESSED_SETS:
        names = [name.removeprefix("openpose_") for name in get_joint_set(key).joint_names]
        regressors[key] = np.stack([rows[_STANDS_FOR.get(name, name)] for name in names])
    return regressors


def _fit_around(
    bodies: np.ndarray, points: np.ndarray, along: np.ndarray, allowed_mask: np.ndarray, mirror: np.ndarray | None
) -> np.ndarray:
    """A regressor from 300 allowed vertices all round the limb: near along it, its cross-section counting little."""
    away = bodies.mean(axis=0) - points.mean(axis=0)
    lengthwise = np.abs(away @ (along / max(float(np.linalg.norm(along)), 1e-9)))
    distance = lengthwise + 0.1 * np.linalg.norm(away, axis=1) + np.where(allowed_mask, 0.0, 1e3)
    near_mask = allowed_mask & (distance <= np.sort(distance)[300])
    if mirror is None:
        return fit_regressor(bodies, points, near_mask)
    row = fit_regressor(bodies, points, near_mask | near_mask[mirror])
    return 0.5 * (row + row[mirror])


def _best(score: np.ndarray, mask: np.ndarray) -> np.ndarray:
    index = np.flatnonzero(mask)
    return index[[np.argmax(score[index])]]
