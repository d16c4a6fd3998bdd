r"""Rotations in four forms, safe at 0 and at π, for numpy and torch.

Convention:
    Matrices act on columns, `v' = R v`; right-handed. Quaternions are (w, x, y, z). Axis-angle is axis times angle in
    radians. The six-dimensional form is the first two columns of the matrix, one after the other: x₁ x₂ x₃ y₁ y₂ y₃.
    Worked number: axis-angle (0, 0, π/2) sends (1, 0, 0) to (0, 1, 0).
"""

from jaxtyping import Float

from spsnet.geometry._array import Array, array_namespace

_SMALL_ANGLE_SQUARED = 1e-8


def skew(vector: Float[Array, "*batch 3"]) -> Float[Array, "*batch 3 3"]:
    """The matrix K with K w = v × w."""
    xp = array_namespace(vector)
    x, y, z = vector[..., 0], vector[..., 1], vector[..., 2]
    zero = xp.zeros_like(x)
    rows = [xp.stack([zero, -z, y], axis=-1), xp.stack([z, zero, -x], axis=-1), xp.stack([-y, x, zero], axis=-1)]
    return xp.stack(rows, axis=-2)


def axis_angle_to_matrix(axis_angle_rad: Float[Array, "*batch 3"]) -> Float[Array, "*batch 3 3"]:
    r"""Rodrigues' formula.

        R = I + sin θ / θ K + (1 − cos θ) / θ² K²,   θ = ‖v‖, K = skew(v)

    Near θ = 0 both quotients come from their series, so values and gradients stay finite.
    """
    xp = array_namespace(axis_angle_rad)
    squared = xp.sum(axis_angle_rad * axis_angle_rad, axis=-1)[..., None, None]
    small = squared < _SMALL_ANGLE_SQUARED
    safe = xp.where(small, xp.ones_like(squared), squared)
    angle = xp.sqrt(safe)
    sine = xp.where(small, 1 - squared / 6, xp.sin(angle) / angle)
    # (1 − cos θ) / θ² written with the half angle, which does not cancel.
    half = xp.sin(angle / 2)
    cosine = xp.where(small, 0.5 - squared / 24, 2 * half * half / safe)
    k = skew(axis_angle_rad)
    return identity_like(k) + sine * k + cosine * (k @ k)


def identity_like(matrix: Float[Array, "*batch n n"]) -> Float[Array, "*batch n n"]:
    """Identity matrices of the same shape, type and device."""
    xp = array_namespace(matrix)
    zeros = xp.zeros_like(matrix)
    n = matrix.shape[-1]
    ones = xp.ones_like(matrix[..., 0, 0])[..., None]
    columns = [xp.concat([zeros[..., :i, i], ones, zeros[..., i + 1 :, i]], axis=-1) for i in range(n)]
    return xp.stack(columns, axis=-1)


def matrix_to_quaternion(matrix: Float[Array, "*batch 3 3"]) -> Float[Array, "*batch 4"]:
    """Unit quaternion with w ≥ 0.

    Of the four ways to read a quaternion off a matrix the one with the largest pivot is taken, so that no element is
    ever divided by a small number; every way is computed at a safe argument so that gradients stay finite.
    """
    xp = array_namespace(matrix)
    m = [[matrix[..., i, j] for j in range(3)] for i in range(3)]
    pivots = xp.stack(
        [
            1 + m[0][0] + m[1][1] + m[2][2],
            1 + m[0][0] - m[1][1] - m[2][2],
            1 - m[0][0] + m[1][1] - m[2][2],
            1 - m[0][0] - m[1][1] + m[2][2],
        ],
        axis=-1,
    )
    candidates = xp.stack(
        [
            xp.stack([pivots[..., 0], m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1]], axis=-1),
            xp.stack([m[2][1] - m[1][2], pivots[..., 1], m[1][0] + m[0][1], m[0][2] + m[2][0]], axis=-1),
            xp.stack([m[0][2] - m[2][0], m[1][0] + m[0][1], pivots[..., 2], m[2][1] + m[1][2]], axis=-1),
            xp.stack([m[1][0] - m[0][1], m[0][2] + m[2][0], m[2][1] + m[1][2], pivots[..., 3]], axis=-1),
        ],
        axis=-2,
    )
    best = xp.argmax(pivots, axis=-1)
    chosen = candidates[..., 0, :]
    for k in range(1, 4):
        chosen = xp.where((best == k)[..., None], candidates[..., k, :], chosen)
    quaternion = chosen / xp.sqrt(xp.sum(chosen * chosen, axis=-1))[..., None]
    return xp.where(quaternion[..., :1] < 0, -quaternion, quaternion)


def quaternion_to_matrix(quaternion: Float[Array, "*batch 4"]) -> Float[Array, "*batch 3 3"]:
    """Rotation matrix of a quaternion, which is normalised first; a zero quaternion gives NaN."""
    xp = array_namespace(quaternion)
    q = quaternion / xp.sqrt(xp.sum(quaternion * quaternion, axis=-1))[..., None]
    w, x, y, z = q[..., 0], q[..., 1], q[..., 2], q[..., 3]
    rows = [
        xp.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], axis=-1),
        xp.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], axis=-1),
        xp.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], axis=-1),
    ]
    return xp.stack(rows, axis=-2)


def quaternion_to_axis_angle(quaternion: Float[Array, "*batch 4"]) -> Float[Array, "*batch 3"]:
    """Axis-angle of a unit quaternion, angle in [0, π]."""
    xp = array_namespace(quaternion)
    q = xp.where(quaternion[..., :1] < 0, -quaternion, quaternion)
    vector = q[..., 1:]
    squared = xp.sum(vector * vector, axis=-1)[..., None]
    small = squared < _SMALL_ANGLE_SQUARED
    safe = xp.where(small, xp.ones_like(squared), squared)
    norm = xp.sqrt(safe)
    real = xp.where(small, xp.ones_like(norm), q[..., :1])
    # For a small angle, angle / sin(angle / 2) is 2 (1 + |v|² / 6) to the order kept here.
    factor = xp.where(small, 2 + squared / 3, 2 * xp.atan2(norm, real) / norm)
    return factor * vector


def matrix_to_axis_angle(matrix: Float[Array, "*batch 3 3"]) -> Float[Array, "*batch 3"]:
    """Axis-angle of a rotation matrix, angle in [0, π]."""
    return quaternion_to_axis_angle(matrix_to_quaternion(matrix))


def matrix_to_six_d(matrix: Float[Array, "*batch 3 3"]) -> Float[Array, "*batch 6"]:
    """First two columns, one after the other."""
    xp = array_namespace(matrix)
    return xp.concat([matrix[..., :, 0], matrix[..., :, 1]], axis=-1)


def six_d_to_matrix(six_d: Float[Array, "*batch 6"]) -> Float[Array, "*batch 3 3"]:
    r"""Gram-Schmidt on two vectors.

        x = a / ‖a‖,   y = (b − (x·b) x) / ‖…‖,   z = x × y

    Source:
        Zhou et al., "On the continuity of rotation representations in neural networks", section 4.2.
    """
    xp = array_namespace(six_d)
    a, b = six_d[..., :3], six_d[..., 3:]
    x = _normalize(a)
    y = _normalize(b - xp.sum(x * b, axis=-1)[..., None] * x)
    return xp.stack([x, y, cross(x, y)], axis=-1)


def cross(left: Float[Array, "*batch 3"], right: Float[Array, "*batch 3"]) -> Float[Array, "*batch 3"]:
    """The vector product left × right."""
    xp = array_namespace(left, right)
    a, b = left, right
    return xp.stack(
        [
            a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1],
            a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2],
            a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0],
        ],
        axis=-1,
    )


def transpose(matrix: Float[Array, "*batch n m"]) -> Float[Array, "*batch m n"]:
    """Swap the last two axes: the inverse of a rotation."""
    xp = array_namespace(matrix)
    return xp.matrix_transpose(matrix)


def geodesic_angle(left: Float[Array, "*batch 3 3"], right: Float[Array, "*batch 3 3"]) -> Float[Array, "*batch"]:
    """Angle in radians, 0 to π, of the rotation that leads from one to the other; exact near 0 and π.

    The gradient of equal rotations, which does not exist, is given as 0.
    """
    xp = array_namespace(left, right)
    quaternion = matrix_to_quaternion(transpose(left) @ right)
    squared = xp.sum(quaternion[..., 1:] * quaternion[..., 1:], axis=-1)
    equal = squared == 0
    norm = xp.where(equal, squared, xp.sqrt(xp.where(equal, xp.ones_like(squared), squared)))
    return 2 * xp.atan2(norm, quaternion[..., 0])


def interpolate_rotations(
    left: Float[Array, "*batch 3 3"], right: Float[Array, "*batch 3 3"], weight: Float[Array, "*batch"]
) -> Float[Array, "*batch 3 3"]:
    """The point at `weight` (0 left, 1 right) of the shortest arc from `left` to `right`."""
    return left @ axis_angle_to_matrix(matrix_to_axis_angle(transpose(left) @ right) * weight[..., None])


def rotation_between(source: Float[Array, "*batch 3"], target: Float[Array, "*batch 3"]) -> Float[Array, "*batch 3 3"]:
    r"""The shortest rotation that turns one direction to another.

        R = I + K + K² / (1 + cos θ),   K = skew(s × t),   cos θ = s · t,   s and t of unit length

    Convention:
        (1, 0, 0) to (0, 1, 0) is a quarter turn about z. Lengths do not matter. Opposite directions have no shortest
        rotation: what comes out then is not finite or meaningless.
    """
    xp = array_namespace(source, target)
    s, t = _normalize(source), _normalize(target)
    k = skew(cross(s, t))
    return identity_like(k) + k + k @ k / (1 + xp.sum(s * t, axis=-1))[..., None, None]


def _normalize(vector: Float[Array, "*batch 3"]) -> Float[Array, "*batch 3"]:
    xp = array_namespace(vector)
    squared = xp.sum(vector * vector, axis=-1)[..., None]
    return vector / xp.sqrt(squared + 1e-20)
