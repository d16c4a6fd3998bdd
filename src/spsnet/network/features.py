"""From the encoder's outputs to f_i: one formula for numpy at run time and torch in training."""

from jaxtyping import Float

from spsnet.geometry import image_to_crop
from spsnet.geometry._array import Array, array_namespace
from spsnet.network.config import WIDTH_COUNT, FeatureConfig

_LEAST_SPREAD_M2 = 1e-3
_LEAST_SCALE = 0.1
"""Of pixels a metre, in box sides a metre."""


def build_features(
    config: FeatureConfig,
    *,
    landmarks_px: Float[Array, "*batch landmarks 3"] | None = None,
    box_xys_px: Float[Array, "*batch 3"] | None = None,
    focal_px: Float[Array, "*#batch"] | float | None = None,
    center_px: Float[Array, "*#batch 2"] | None = None,
    widths_px: Float[Array, "*batch widths"] | None = None,
    world_m: Float[Array, "*batch landmarks 3"] | None = None,
    vector: Float[Array, "*batch width"] | None = None,
) -> Float[Array, "*batch features"]:
    r"""Join what `config.kind` names into f_i.

        landmarks   u = 2 (x − c_x) / b,   v = 2 (y − c_y) / b,   2 confidence − 1 where used      (for each landmark)
        view        (log(b / f) − mean) / deviation,   (c − o) / f / deviation         (three numbers)
        widths      w / p / `config.width_scale_m`, then 1 for each that is known, 0 for each that is not; p is how many
                    pixels the encoder's 3D landmarks say a metre has: the box's side changes with the pose, p less so
        world       the encoder's 3D landmarks divided by `config.world_scale_m`
        vector      divided by `config.vector_scale`

    Convention:
        c and b are the box's centre and side, f and o focal length and principal point, all in pixels of the full
        image. A landmark in the middle of the box gives u = v = 0, one on its right edge u = 1. A box 300 px wide in
        the middle of the picture at f = 1000 px gives a view of (0, 0, 0) to two digits.

    Args:
        config: What f_i is made of.
        landmarks_px: x, y and confidence in [0, 1]; pixels of the full image.
        box_xys_px: Square crop: centre and side.
        focal_px: Focal length, one number or one a frame.
        center_px: Principal point.
        widths_px: Widths of trunk and limbs (`crops.measure_widths`), pixels of the full image, 0 where unknown.
        world_m: The encoder's 3D landmarks, camera axes.
        vector: The encoder's feature vector.

    Raises:
        ValueError: If something that `config.kind` needs is not given or has another length.
    """
    parts: list[Array] = []
    if config.uses_landmarks:
        if landmarks_px is None or box_xys_px is None or focal_px is None or center_px is None:
            raise ValueError(f"{config.kind!r} features need landmarks_px, box_xys_px, focal_px and center_px")
        _require_length("landmarks_px", landmarks_px, -2, config.landmarks)
        parts.append(_normalize_landmarks(config, landmarks_px, box_xys_px))
        parts.append(_describe_view(config, box_xys_px, focal_px, center_px))
        if config.use_widths:
            if widths_px is None or world_m is None:
                raise ValueError("features with widths need widths_px and world_m")
            _require_length("widths_px", widths_px, -1, WIDTH_COUNT)
            parts.append(_describe_widths(config, widths_px, landmarks_px, world_m, box_xys_px))
    if config.uses_world:
        if world_m is None:
            raise ValueError(f"{config.kind!r} features need world_m")
        _require_length("world_m", world_m, -2, config.landmarks)
        parts.append(_flatten(world_m / config.world_scale_m))
    if config.uses_vector:
        if vector is None:
            raise ValueError(f"{config.kind!r} features need vector")
        _require_length("vector", vector, -1, config.vector_width)
        parts.append(vector / config.vector_scale)
    return array_namespace(*parts).concat(parts, axis=-1)


def _require_length(name: str, values: Array, axis: int, length: int) -> None:
    if values.shape[axis] != length:
        raise ValueError(f"{name} should hold {length} along axis {axis}, got {values.shape[axis]}")


def _flatten(values: Float[Array, "*batch points numbers"]) -> Float[Array, "*batch flat"]:
    flat = values.shape[-2] * values.shape[-1]
    return array_namespace(values).reshape(values, (*values.shape[:-2], flat))


def _normalize_landmarks(
    config: FeatureConfig, landmarks_px: Float[Array, "*batch landmarks 3"], box_xys_px: Float[Array, "*batch 3"]
) -> Float[Array, "*batch flat"]:
    xp = array_namespace(landmarks_px)
    position = image_to_crop(landmarks_px[..., :2], box_xys_px)
    if config.use_confidence:
        position = xp.concat([position, 2 * landmarks_px[..., 2:] - 1], axis=-1)
    return _flatten(position)


def _describe_view(
    config: FeatureConfig,
    box_xys_px: Float[Array, "*batch 3"],
    focal_px: Float[Array, "*#batch"] | float,
    center_px: Float[Array, "*#batch 2"],
) -> Float[Array, "*batch 3"]:
    xp = array_namespace(box_xys_px)
    focal = focal_px if isinstance(focal_px, int | float) else focal_px[..., None]
    size = (xp.log(box_xys_px[..., 2:] / focal) - config.log_angular_size_mean) / config.log_angular_size_deviation
    offset = (box_xys_px[..., :2] - center_px) / focal / config.angular_offset_deviation
    return xp.concat([size, offset], axis=-1)


def _describe_widths(
    config: FeatureConfig,
    widths_px: Float[Array, "*batch widths"],
    landmarks_px: Float[Array, "*batch landmarks 3"],
    world_m: Float[Array, "*batch landmarks 3"],
    box_xys_px: Float[Array, "*batch 3"],
) -> Float[Array, "*batch described"]:
    xp = array_namespace(widths_px)
    known = xp.astype(widths_px > 0, widths_px.dtype)
    seen, flat = landmarks_px[..., :2], world_m[..., :2]
    seen = seen - xp.mean(seen, axis=-2, keepdims=True)
    flat = flat - xp.mean(flat, axis=-2, keepdims=True)
    # Least squares of the picture on the 3D landmarks; a person is some 2 m of 0.8 boxes.
    p = xp.sum(seen * flat, axis=(-2, -1)) / xp.clip(xp.sum(flat * flat, axis=(-2, -1)), min=_LEAST_SPREAD_M2)
    p = xp.maximum(p, _LEAST_SCALE * box_xys_px[..., 2])
    return xp.concat([widths_px / p[..., None] / config.width_scale_m, known], axis=-1)
