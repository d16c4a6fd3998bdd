"""From pose, shape and place to vertices and joints, for numpy and torch."""

from jaxtyping import Float

from spsnet.body.kinematics import forward_kinematics, place_rest_joints
from spsnet.body.model import BodyModel
from spsnet.geometry._array import Array, array_namespace
from spsnet.geometry.rotations import identity_like

_CHUNK = 4  # frames skinned together: their intermediate arrays stay in the cache


def compute_vertices(
    body: BodyModel,
    rotations: Float[Array, "batch 24 3 3"],
    shape: Float[Array, "batch 10"] | Float[Array, "10"],
    translation_m: Float[Array, "batch 3"],
) -> Float[Array, "batch vertices 3"]:
    r"""Linear blend skinning with shape and pose correctives.

        v = Σ_j w_vj (G_j (T_v + S_v β + P_v φ − J_j) + p_j) + t,   φ = R_{1…23} − I

    Computed in the floating type of `rotations`; float32 is twice as fast as float64.

    Convention:
        Rotations relative to the parent, the root's in the axes of the result (OpenCV camera axes in this program);
        metres. The root turns about the pelvis, not about the origin. A shape of (10,) serves the whole batch.

    Source:
        Loper et al., "SMPL: A skinned multi-person linear model", equations 1 to 10.
    """
    xp = array_namespace(rotations, shape, translation_m)
    arrays = body.convert_arrays(rotations)
    turned, placed, rest_joints = _place_joints(body, rotations, shape)
    moved = placed + translation_m[:, None] - xp.sum(turned * rest_joints[..., None, :], axis=-1)
    batch, count = rotations.shape[0], arrays.weights.shape[1]
    coefficients = [xp.ones_like(rotations[:, 0, 0, :1]), xp.broadcast_to(shape, (batch, 10))]
    if body.pose_directions is not None:
        coefficients.append(compute_pose_feature(rotations))
    rest = xp.reshape(xp.concat(coefficients, axis=-1) @ arrays.directions, (batch, 3, count))
    transforms = xp.reshape(xp.concat([turned, moved[..., None]], axis=-1), (batch, 24, 12))
    starts = range(0, max(batch, 1), _CHUNK)
    return xp.concat([_skin(rest[i : i + _CHUNK], transforms[i : i + _CHUNK], arrays.weights) for i in starts], axis=0)


def compute_joints(
    body: BodyModel,
    rotations: Float[Array, "batch 24 3 3"],
    shape: Float[Array, "batch 10"] | Float[Array, "10"],
    translation_m: Float[Array, "batch 3"],
) -> Float[Array, "batch 24 3"]:
    """The 24 joints of `compute_vertices`' body, without its vertices."""
    return _place_joints(body, rotations, shape)[1] + translation_m[:, None]


def compute_pose_feature(rotations: Float[Array, "batch 24 3 3"]) -> Float[Array, "batch 207"]:
    """What pose correctives multiply: R − I of joints 1 to 23, row by row."""
    xp = array_namespace(rotations)
    local = rotations[:, 1:]
    return xp.reshape(local - identity_like(local[:1, :1]), (rotations.shape[0], 207))


def _place_joints(
    body: BodyModel,
    rotations: Float[Array, "batch 24 3 3"],
    shape: Float[Array, "batch 10"] | Float[Array, "10"],
) -> tuple[Float[Array, "batch 24 3 3"], Float[Array, "batch 24 3"], Float[Array, "#batch 24 3"]]:
    """Global rotations G, global positions p, and the joints J of the body at rest."""
    arrays = body.convert_arrays(rotations)
    rest_joints = place_rest_joints(arrays.rest_joints_m, arrays.rest_joint_shape, shape)
    return (*forward_kinematics(body.parents, rest_joints, rotations), rest_joints)


def _skin(
    rest: Float[Array, "batch 3 vertices"],
    transforms: Float[Array, "batch 24 12"],
    weights: Float[Array, "24 vertices"],
) -> Float[Array, "batch vertices 3"]:
    """Move each vertex by the weighted mean of its joints' transforms (three rows of four)."""
    xp = array_namespace(rest)
    m = xp.matrix_transpose(transforms) @ weights
    x, y, z = rest[:, 0], rest[:, 1], rest[:, 2]
    rows = [m[:, i] * x + m[:, i + 1] * y + m[:, i + 2] * z + m[:, i + 3] for i in (0, 4, 8)]
    return xp.stack(rows, axis=-1)
