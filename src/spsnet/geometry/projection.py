"""From camera space to pixels and from a crop's camera to the full image's."""

from jaxtyping import Float

from spsnet.geometry._array import Array, array_namespace


def project_points(
    points_m: Float[Array, "*batch points 3"],
    focal_px: Float[Array, "*batch"] | float,
    center_px: Float[Array, "*#batch 2"],
) -> Float[Array, "*batch points 2"]:
    r"""Pinhole projection.

        x = f X / Z + c

    Convention:
        OpenCV axes (x right, y down, z forward); metres in, pixels out. f = 1000, c = (500, 500), X = (1, 0, 10) gives
        (600, 500). Depths under 1 mm are taken as 1 mm, so that a point behind the camera gives a finite, far pixel.
    """
    xp = array_namespace(points_m)
    depth = points_m[..., 2:]
    depth = xp.where(depth < 1e-3, xp.full_like(depth, 1e-3), depth)
    focal = focal_px if isinstance(focal_px, int | float) else focal_px[..., None, None]
    return focal * points_m[..., :2] / depth + center_px[..., None, :]


def project_weak_perspective(
    points_m: Float[Array, "*batch points 3"], crop_camera: Float[Array, "*batch 3"]
) -> Float[Array, "*batch points 2"]:
    r"""The paper's projection into the crop.

        x = s Π(X) + t,   Π orthographic

    Convention:
        `crop_camera` is (s, tx, ty); the crop spans [-1, 1], y down.

    Source:
        SPS-Net, section 3.1; the rotation R is in the points already.
    """
    return crop_camera[..., None, :1] * points_m[..., :2] + crop_camera[..., None, 1:]


def crop_camera_to_translation(
    crop_camera: Float[Array, "*batch 3"],
    box_xys_px: Float[Array, "*batch 3"],
    focal_px: Float[Array, "*#batch"] | float,
    center_px: Float[Array, "*#batch 2"],
) -> Float[Array, "*batch 3"]:
    r"""Lift the network's crop camera to the body's translation in the full image's camera.

        tz = 2 f / (s b)        txy = t / s + 2 (c − o) / (s b)

    Convention:
        OpenCV axes; metres; pixels of the full image; b the box's side, c its centre, o the principal point.
        Box 200 px wide, f = 1000 px, s = 1: the body stands 10 m away.

    Raises:
        ValueError: If any scale s is not positive.

    Source:
        Crop and pinhole projection equated at the body's depth and solved by hand.
    """
    xp = array_namespace(crop_camera, box_xys_px)
    scale = crop_camera[..., :1]
    if bool(xp.any(scale <= 0)):
        raise ValueError("crop_camera should have positive scales s")
    focal = focal_px if isinstance(focal_px, int | float) else focal_px[..., None]
    metres_per_pixel = 2 / (scale * box_xys_px[..., 2:])
    depth = focal * metres_per_pixel
    offset = (box_xys_px[..., :2] - center_px) * metres_per_pixel + crop_camera[..., 1:] / scale
    return xp.concat([offset, depth], axis=-1)


def translation_to_crop_camera(
    translation_m: Float[Array, "*batch 3"],
    box_xys_px: Float[Array, "*batch 3"],
    focal_px: Float[Array, "*#batch"] | float,
    center_px: Float[Array, "*#batch 2"],
) -> Float[Array, "*batch 3"]:
    """The inverse of `crop_camera_to_translation`.

    Raises:
        ValueError: If any depth is not positive.
    """
    xp = array_namespace(translation_m, box_xys_px)
    depth = translation_m[..., 2:]
    if bool(xp.any(depth <= 0)):
        raise ValueError("translation_m should have positive depths")
    focal = focal_px if isinstance(focal_px, int | float) else focal_px[..., None]
    scale = 2 * focal / (depth * box_xys_px[..., 2:])
    offset = scale * translation_m[..., :2] - 2 * (box_xys_px[..., :2] - center_px) / box_xys_px[..., 2:]
    return xp.concat([scale, offset], axis=-1)
