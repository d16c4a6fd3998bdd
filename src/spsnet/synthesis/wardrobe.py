"""Clothes, hair and skin: what covers each point of a body, how thick, and in which colour.

Garments end at planes across the body at rest (hems, neckline, sleeves), found from its joints, so any body in SMPL's
form can wear them. Points are told apart pixel by pixel, so hems are sharp whatever the mesh.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import ConvexHull

from spsnet.body import BodyModel
from spsnet.rendering import compute_vertex_normals
from spsnet.synthesis.body_map import BodyMap, map_body
from spsnet.synthesis.fabrics import Fabric, paint_fabric, sample_fabric, sample_noise

_SKIN_RGB = (
    (0.98, 0.86, 0.76), (0.94, 0.78, 0.66), (0.88, 0.7, 0.55), (0.8, 0.6, 0.44), (0.66, 0.45, 0.31), (0.55, 0.37, 0.26),
    (0.43, 0.28, 0.2), (0.34, 0.23, 0.18),
)  # fmt: skip
_HAIR_RGB = (
    (0.05, 0.04, 0.04), (0.1, 0.07, 0.05), (0.22, 0.14, 0.08), (0.35, 0.22, 0.12), (0.6, 0.45, 0.25), (0.75, 0.62, 0.4),
    (0.45, 0.18, 0.08), (0.55, 0.54, 0.52), (0.85, 0.84, 0.82),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Outfit:
    """Everything that is random about what a person looks like."""

    skin_rgb: Float[np.ndarray, "3"]
    hair_rgb: Float[np.ndarray, "3"]
    hair_m: float
    """Thickness of the hair; 0 is a shaven head."""
    hairline_m: float
    """From the crown down to the hair's edge at the forehead."""
    long_hair_m: float
    """How far hair hangs below the chin; 0 for short hair."""
    beard: bool
    top: Fabric
    bottom: Fabric
    shoes: Fabric
    sleeve: float
    """Where sleeves end: 0 shoulder, 1 wrist; negative for straps."""
    collar_m: float
    """Depth of the neckline below the neck."""
    top_hem_m: float
    """Height of the top's lower edge above the hips; may be negative."""
    bottom_hem: float
    """Where legs of trousers or the skirt end: 0 hip, 1 ankle."""
    skirt: bool
    top_loose_m: float
    bottom_loose_m: float
    shoe_m: float
    """Thickness of the shoes; 0 is barefoot."""
    boot: float
    """Height of the shoes' edge above the ankle, metres."""
    flesh: Float[np.ndarray, "4 4"]
    """Waves that make folds: three frequencies and a phase, each."""


def sample_outfit(rng: np.random.Generator) -> Outfit:
    """Draw one person's skin, hair and clothes."""
    skin = np.clip(np.array(_SKIN_RGB[rng.integers(len(_SKIN_RGB))]) * rng.uniform(0.9, 1.08), 0, 1)
    top = sample_fabric(rng, unlike_rgb=skin)
    bottom = sample_fabric(rng, plain=bool(rng.random() < 0.6), unlike_rgb=skin)
    if rng.random() < 0.06:
        bottom = top
    long_hair = rng.random() < 0.35
    skirt = bool(rng.random() < 0.16)
    short = rng.random() < 0.35
    return Outfit(
        skin_rgb=skin,
        hair_rgb=np.clip(np.array(_HAIR_RGB[rng.integers(len(_HAIR_RGB))]) * rng.uniform(0.7, 1.3), 0, 1),
        hair_m=0.0 if rng.random() < 0.08 else float(rng.uniform(0.006, 0.035)),
        hairline_m=float(rng.uniform(0.035, 0.065)),
        long_hair_m=float(rng.uniform(0.02, 0.25)) if long_hair else 0.0,
        beard=bool(not long_hair and rng.random() < 0.3),
        top=top,
        bottom=bottom,
        shoes=sample_fabric(rng, plain=True),
        sleeve=float(
            rng.choice([rng.uniform(-0.1, 0.05), rng.uniform(0.25, 0.5), rng.uniform(0.85, 1.0)], p=[0.15, 0.5, 0.35])
        ),
        collar_m=float(rng.choice([0.0, rng.uniform(0.02, 0.14)])),
        top_hem_m=float(rng.uniform(-0.1, 0.12)),
        bottom_hem=float(rng.uniform(0.25, 0.62) if short else rng.uniform(0.88, 1.05)),
        skirt=skirt,
        top_loose_m=float(rng.uniform(0.001, 0.022)),
        bottom_loose_m=float(rng.choice([rng.uniform(0, 0.004), rng.uniform(0.005, 0.025)])),
        shoe_m=0.0 if rng.random() < 0.1 else float(rng.uniform(0.004, 0.014)),
        boot=float(rng.choice([rng.uniform(-0.02, 0.03), rng.uniform(0.03, 0.15)], p=[0.75, 0.25])),
        flesh=np.concatenate([rng.normal(0, 18, (4, 3)), rng.uniform(0, 6.28, (4, 1))], 1),
    )


@dataclass(frozen=True, kw_only=True)
class DressedBody:
    """A posed body in its clothes: one mesh, and what the cloth needs to know of its vertices."""

    vertices_m: Float[np.ndarray, "vertices 3"]
    faces: Int[np.ndarray, "faces 3"]
    channels: Float[np.ndarray, "9 vertices"]
    """Those of `BodyMap`, and which piece the vertex is of: 0 the body, else SHOE, BOTTOM (a skirt) or HAIR."""


def dress(outfit: Outfit, body: BodyModel, vertices_m: Float[np.ndarray, "vertices 3"]) -> DressedBody:
    """Push the vertices of a posed body outwards by what it wears, and add shoes, a skirt and hanging hair.

    Convention:
        Pieces are convex hulls of the vertices they cover, which is what stretched cloth and leather look like.
    """
    where = map_body(body)
    x, y, z, arm = where.channels[:4]
    cover = classify_points(outfit, where, where.channels)
    down_leg = np.clip((where.hip_y - y) / (where.hip_y - where.ankle_y), 0, 1)
    thickness = np.zeros(len(x))
    waves = np.sin(outfit.flesh[:, :3] @ np.stack([x, y, z]) + outfit.flesh[:, 3:]).sum(0) / 4
    below_chest = np.clip((where.neck_y - 0.15 - y) / 0.3, 0, 1) * (1 - arm)
    loose = outfit.top_loose_m * (0.5 + below_chest + 0.5 * arm)
    thickness[cover == TOP] = (0.003 + loose * (1 + 0.5 * waves))[cover == TOP]
    loose = outfit.bottom_loose_m * (0.3 + down_leg)
    thickness[cover == BOTTOM] = (0.002 + loose * (1 + 0.5 * waves))[cover == BOTTOM]
    thickness[cover == SHOE] = outfit.shoe_m
    growth = np.clip(_measure_hair(outfit, where, y, z) / 0.03, 0, 1)
    thickness[cover == HAIR] = (outfit.hair_m * growth * (1 + 0.3 * waves))[cover == HAIR]
    dressed = vertices_m + compute_vertex_normals(vertices_m, body.faces) * thickness[:, None]

    pieces: list[tuple[int, np.ndarray, np.ndarray]] = []
    if outfit.shoe_m:
        for side in (x > 0, x < 0):
            worn = np.flatnonzero(side & ((cover == SHOE) | (cover == SOLE)) & (y < where.ankle_y))
            pieces.append((SHOE, worn, dressed[worn]))
    if outfit.skirt:
        worn = np.flatnonzero((arm < 0.5) & (y < where.waist_y) & (down_leg < outfit.bottom_hem))
        pieces.append((BOTTOM, worn, dressed[worn]))
    if outfit.long_hair_m and outfit.hair_m:
        hair = np.flatnonzero(cover == HAIR)
        back = hair[(z[hair] < where.head_z) & (y[hair] < where.top_y - 0.5 * (where.top_y - where.chin_y))]
        turn = _find_head_turn(where, vertices_m)
        fall = turn @ [0, -0.5, 0] + [0, 0.5, 0]
        fall *= (outfit.long_hair_m + 0.08) / max(float(np.linalg.norm(fall)), 0.1)
        hanging = dressed[back] + fall + turn @ [0, 0, -0.02]
        pieces.append((HAIR, np.concatenate([hair, back]), np.concatenate([dressed[hair], hanging])))
    return _join_pieces(dressed, body, where, pieces)


def _join_pieces(
    dressed: np.ndarray, body: BodyModel, where: BodyMap, pieces: list[tuple[int, np.ndarray, np.ndarray]]
) -> DressedBody:
    vertices, faces = [dressed], [body.faces]
    channels = [np.concatenate([where.channels, np.zeros((1, len(dressed)), np.float32)])]
    count = len(dressed)
    for kind, source, points in pieces:
        if len(points) < 8:
            continue
        used, hull = _wrap(points)
        vertices.append(points[used])
        faces.append(hull + count)
        channels.append(np.concatenate([where.channels[:, source[used]], np.full((1, len(used)), kind, np.float32)]))
        count += len(used)
    return DressedBody(
        vertices_m=np.concatenate(vertices), faces=np.concatenate(faces), channels=np.concatenate(channels, 1)
    )


def _wrap(points_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The convex hull: which points it uses, and its triangles among those, counter-clockwise from outside."""
    hull = ConvexHull(points_m, qhull_options="QJ Pp")
    triangles = hull.simplices
    a, b, c = points_m[triangles.T]
    inward = (np.cross(b - a, c - a) * hull.equations[:, :3]).sum(1) < 0
    triangles = np.where(inward[:, None], triangles[:, ::-1], triangles)
    used, numbered = np.unique(triangles, return_inverse=True)
    return used, numbered.reshape(triangles.shape)


def _find_head_turn(where: BodyMap, vertices_m: np.ndarray) -> np.ndarray:
    """Rotation of the head from rest to the pose (Kabsch)."""
    head = where.channels[4] > 0.9
    rest, posed = where.channels[:3, head].T.astype(np.float64), vertices_m[head].astype(np.float64)
    u, _, v = np.linalg.svd((posed - posed.mean(0)).T @ (rest - rest.mean(0)))
    return np.asarray(u @ np.diag([1, 1, np.linalg.det(u @ v)]) @ v)


SKIN, TOP, BOTTOM, SHOE, HAIR, SOLE, BEARD = range(7)


def classify_points(
    outfit: Outfit, where: BodyMap, channels: Float[np.ndarray, "8 points"]
) -> Int[np.ndarray, " points"]:
    """What covers each point: SKIN, TOP, BOTTOM, SHOE, HAIR, SOLE or BEARD."""
    x, y, z, arm, head, _, _, leg = channels
    cover = np.full(len(x), SKIN, np.int8)
    on_arm, on_head, on_leg = arm > 0.5, head > 0.5, leg > 0.5
    down_leg = (where.hip_y - y) / (where.hip_y - where.ankle_y)
    cover[~on_arm & (y < where.waist_y) & (down_leg < outfit.bottom_hem)] = BOTTOM
    reach = (np.abs(x) - where.shoulder_x) / (where.wrist_x - where.shoulder_x)
    neck = np.hypot(x, z - where.neck_z)
    front = z > where.neck_z
    below_neck = y < where.neck_y - 0.02 + 0.25 * np.maximum(neck - 0.07, 0)
    below_neck &= ~front | (y < where.neck_y - 0.03 - outfit.collar_m + 1.2 * np.abs(x))
    top = np.where(on_arm, reach < outfit.sleeve, below_neck & (y > where.hip_y + outfit.top_hem_m))
    top &= reach < max(outfit.sleeve, 0.0) + 1e-3
    if outfit.sleeve < 0.05:
        top &= (np.abs(x) < 0.8 * where.shoulder_x) | (y < where.neck_y - 0.12)
    cover[top & ~on_head] = TOP
    if outfit.shoe_m:
        shoe = on_leg & (y < where.ankle_y + outfit.boot - 0.02)
        cover[shoe] = SHOE
        cover[shoe & (y < where.floor_y + 0.018)] = SOLE
    if outfit.hair_m:
        cover[on_head & (_measure_hair(outfit, where, y, z) > 0)] = HAIR
    if outfit.beard:
        tall = where.top_y - where.chin_y
        jaw = on_head & (z > where.head_z + 0.01) & (y < where.top_y - 0.68 * tall)
        cover[jaw & (cover == SKIN) & (y > where.chin_y - 0.01)] = BEARD
    return cover


def paint_points(
    outfit: Outfit, where: BodyMap, channels: Float[np.ndarray, "9 points"]
) -> Float[np.ndarray, "3 points"]:
    """Albedo of points of a dressed body."""
    x, y, z, _, head, along, around, _, piece = channels
    cover = classify_points(outfit, where, channels[:8])
    piece = np.rint(piece).astype(np.int8)
    of_piece = (piece > 0) & (cover != SOLE)
    cover[of_piece] = piece[of_piece]
    blotches = sample_noise(along * 200, around * 200)
    rgb = (outfit.skin_rgb.astype(np.float32)[:, None] * (0.94 + 0.12 * blotches)).astype(np.float32)
    _paint_face(rgb, outfit, where, x, y, z, head)
    for kind, fabric in ((TOP, outfit.top), (BOTTOM, outfit.bottom), (SHOE, outfit.shoes)):
        chosen = np.flatnonzero(cover == kind)
        rgb[:, chosen] = paint_fabric(fabric, along[chosen], around[chosen])
    rgb[:, cover == SOLE] = 0.85 if outfit.shoes.base_rgb.mean() > 0.3 else 0.2
    for kind, depth in ((HAIR, 0.5), (BEARD, 0.3)):
        chosen = np.flatnonzero(cover == kind)
        strands = sample_noise(x[chosen] * 900, y[chosen] * 90 + z[chosen] * 300)
        rgb[:, chosen] = outfit.hair_rgb.astype(np.float32)[:, None] * (1 - depth / 2 + depth * strands)
    return rgb


def _measure_hair(outfit: Outfit, where: BodyMap, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Metres above the plane of the hair's edge, which falls from forehead to nape."""
    forehead = where.top_y - outfit.hairline_m
    fall = 0.55 * (where.top_y - where.chin_y) / (2 * (where.face_z - where.head_z))
    return y - forehead - fall * (z - where.face_z + 0.02)


def _paint_face(
    rgb: np.ndarray, outfit: Outfit, where: BodyMap, x: np.ndarray, y: np.ndarray, z: np.ndarray, head: np.ndarray
) -> None:
    """Eyes, brows and lips, where people of average proportions have them."""
    face = np.flatnonzero((head > 0.5) & (z > where.face_z - 0.06))
    if not len(face):
        return
    tall = where.top_y - where.chin_y
    x, down = np.abs(x[face]), (where.top_y - y[face]) / tall
    side, brow = (x - 0.032) / 0.015, (x - 0.033) / 0.021
    white = side**2 + ((down - 0.5) / 0.028) ** 2 < 1
    iris = ((x - 0.032) / 0.007) ** 2 + ((down - 0.5) / 0.03) ** 2 < 1
    brows = brow**2 + ((down - 0.42 - 0.01 * brow**2) / 0.018) ** 2 < 1
    lips = (x / 0.025) ** 2 + ((down - 0.79) / 0.03) ** 2 < 1
    socket = ((x - 0.032) / 0.022) ** 2 + ((down - 0.49) / 0.06) ** 2 < 1
    rgb[:, face[socket]] *= 0.8
    rgb[:, face[white]] = 0.9
    rgb[:, face[iris]] = 0.1
    rgb[:, face[brows]] = (outfit.hair_rgb * 0.6 + outfit.skin_rgb * 0.2).astype(np.float32)[:, None]
    rgb[:, face[lips]] = (outfit.skin_rgb * [0.85, 0.6, 0.6]).astype(np.float32)[:, None]
