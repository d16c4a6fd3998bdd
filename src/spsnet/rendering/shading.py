"""Light on surfaces: normals at the vertices and the colour each vertex sends to the eye."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True, kw_only=True)
class Light:
    """A sky over a ground, one distant lamp, and a highlight or shade at grazing angles.

    Convention:
        Directions point from the surface to the light, OpenCV camera axes: (0, -1, 0) is overhead. Colours are linear
        factors of the albedo; sky 0.5 and lamp 0.5 make white where both are met full on.
    """

    direction: Float[np.ndarray, "3"] = field(default_factory=lambda: np.array([-0.45, -0.75, -0.65]))
    """To the lamp; any length but 0."""
    lamp_rgb: tuple[float, float, float] = (0.55, 0.55, 0.55)
    sky_rgb: tuple[float, float, float] = (0.55, 0.55, 0.55)
    """From above."""
    ground_rgb: tuple[float, float, float] = (0.3, 0.3, 0.3)
    """From below."""
    rim: float = 0.0
    """Darkening towards the outline, 0 to 1: makes a limb stand out from what is behind it."""
    gloss: float = 0.0
    """Strength of the white highlight."""

    def __post_init__(self) -> None:
        """Check the direction and the rim."""
        if not np.linalg.norm(self.direction) > 0:
            raise ValueError("Light.direction should not be the zero vector")
        if not 0 <= self.rim <= 1:
            raise ValueError(f"Light.rim should lie in 0 to 1, got {self.rim}")


def compute_vertex_normals(
    vertices_m: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"]
) -> Float[np.ndarray, "vertices 3"]:
    """Unit normals, outwards for faces that wind counter-clockwise from outside; the mean of a vertex's faces by area.

    A vertex without a face, or whose faces cancel out, gets the zero vector.
    """
    corners = faces.T.ravel()
    coordinates = np.ascontiguousarray(vertices_m.T, np.float64).take(corners, axis=1).reshape(3, 3, -1)
    first, second = coordinates[:, 1] - coordinates[:, 0], coordinates[:, 2] - coordinates[:, 0]
    normals = np.empty(vertices_m.shape)
    for k, (i, j) in enumerate(((1, 2), (2, 0), (0, 1))):
        along = first[i] * second[j] - first[j] * second[i]
        normals[:, k] = np.bincount(corners, np.tile(along, 3), minlength=len(vertices_m))
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return normals / np.where(length > 0, length, 1)


def shade_vertices(
    albedo: Float[np.ndarray, "#vertices 3"],
    vertices_m: Float[np.ndarray, "vertices 3"],
    normals: Float[np.ndarray, "vertices 3"],
    light: Light,
) -> Float[np.ndarray, "vertices 3"]:
    r"""Colour of each vertex as the camera at the origin sees it.

        colour = albedo (ground + (sky − ground) (1 + n·up) / 2 + lamp max(n·l, 0)) (1 − rim (1 − |n·v|)²) + highlight

    Args:
        albedo: RGB, 0 to 1; one row for all or one a vertex.
        vertices_m: Camera axes.
        normals: Unit vectors.
        light: Lamp, sky and ground.

    Returns:
        RGB, not clipped: above 1 where over-exposed.
    """
    diffuse, highlight = compute_irradiance(vertices_m, normals, light)
    return albedo * diffuse + highlight


def compute_irradiance(
    vertices_m: Float[np.ndarray, "vertices 3"],
    normals: Float[np.ndarray, "vertices 3"],
    light: Light,
    lamp_visibility: Float[np.ndarray, " vertices"] | None = None,
) -> tuple[Float[np.ndarray, "vertices 3"], Float[np.ndarray, "vertices 1"]]:
    """The two factors of `shade_vertices`: what multiplies the albedo, and the highlight added to it.

    Keep them apart where the albedo is found pixel by pixel (a texture). `lamp_visibility` is 0 in the lamp's shadow.
    """
    visibility = np.ones((1, 1)) if lamp_visibility is None else lamp_visibility[:, None]
    to_lamp = light.direction / np.linalg.norm(light.direction)
    to_eye = -vertices_m / np.maximum(np.linalg.norm(vertices_m, axis=1, keepdims=True), 1e-9)
    sky, ground, lamp = np.array(light.sky_rgb), np.array(light.ground_rgb), np.array(light.lamp_rgb)
    upward = (1 - normals[:, 1:2]) / 2
    diffuse = ground + (sky - ground) * upward + lamp * visibility * np.maximum(normals @ to_lamp, 0)[:, None]
    if light.rim:
        facing = np.abs((normals * to_eye).sum(1, keepdims=True))
        diffuse = diffuse * (1 - light.rim * (1 - facing) ** 2)
    highlight = np.zeros((len(normals), 1))
    if light.gloss:
        half = to_eye + to_lamp
        half /= np.maximum(np.linalg.norm(half, axis=1, keepdims=True), 1e-9)
        highlight = light.gloss * visibility * np.maximum((normals * half).sum(1, keepdims=True), 0) ** 24
    return diffuse, highlight
