"""From the encoder's outputs to f_i: one formula for numpy at run time and torch in training."""

from jaxtyping import Float

from spsnet.geometry import image_to_crop
from spsnet.geometry._array import Array, array_namespace
from spsnet.network.config import FeatureConfig


def build_features(
    config: FeatureConfig,
    *,
    landmarks_px: Float[Array, "*batch landmarks 3"] | None = None,
    box_xys_px: Float[Array, "*batch 3"] | None = None,
    focal_px: Float[Array, "*#batch"] | float | None = None,
    center_px: Float[Array, "*#batch 2"] | None = None,
    vector: Float[Array, "*batch width"] | None = None,
) -> Float[Array, "*batch features"]:
    r"""Join what `config.kind` names into f_i.

        landmarks   u = 2 (x − c_x) / b,   v = 2 (y − c_y) / b,   2 confidence − 1 where used      (for each landmark)
        view        (log(b / f) − mean) / deviation,   (c − o) / f / deviation         (three numbers)
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
        vector: The encoder's feature vector.

    Raises:
        ValueError: If something that `config.kind` needs is not given or has another length.
    """
    parts: list[Array] = []
    if config.kind != "vector":
        if landmarks_px is None or box_xys_px is None or focal_px is None or center_px is None:
            raise ValueError(f"{config.kind!r} features need landmarks_px, box_xys_px, focal_px and center_px")
        if landmarks_px.shape[-2] != config.landmarks:
            raise ValueError(f"landmarks_px should hold {config.landmarks} landmarks, got {landmarks_px.shape[-2]}")
        parts.append(_normalize_landmarks(config, landmarks_px, box_xys_px))
        parts.append(_describe_view(config, box_xys_px, focal_px, center_px))
    if config.kind != "landmarks":
        if vector is None:
            raise ValueError(f"{config.kind!r} features need vector")
        if vector.shape[-1] != config.vector_width:
            raise ValueError(f"vector should be {config.vector_width} long, got {vector.shape[-1]}")
        parts.append(vector / config.vector_scale)
    return array_namespace(*parts).concat(parts, axis=-1)


def _normalize_landmarks(
    config: FeatureConfig, landmarks_px: Float[Array, "*batch landmarks 3"], box_xys_px: Float[Array, "*batch 3"]
) -> Float[Array, "*batch flat"]:
    xp = array_namespace(landmarks_px)
    position = image_to_crop(landmarks_px[..., :2], box_xys_px)
    if config.use_confidence:
        position = xp.concat([position, 2 * landmarks_px[..., 2:] - 1], axis=-1)
    return xp.reshape(position, (*position.shape[:-2], position.shape[-1] * position.shape[-2]))


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
