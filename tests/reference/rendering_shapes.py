"""Simple closed meshes whose pictures are known by formula."""

import numpy as np


def make_ellipsoid(center, radii, rings=24, sectors=32):
    """Vertices (V,3) and faces (F,3), counter-clockwise seen from outside."""
    polar = np.linspace(0, np.pi, rings + 1)
    azimuth = np.arange(sectors) * 2 * np.pi / sectors
    sine, ones = np.sin(polar)[:, None], np.ones(sectors)
    vertices = np.stack([sine * np.cos(azimuth), np.cos(polar)[:, None] * ones, sine * np.sin(azimuth)], -1).reshape(
        -1, 3
    )
    ring, sector = (a.ravel() for a in np.meshgrid(np.arange(rings), np.arange(sectors), indexing="ij"))
    a, b = ring * sectors + sector, ring * sectors + (sector + 1) % sectors
    upper, lower = np.stack([a, b, a + sectors], -1), np.stack([b, b + sectors, a + sectors], -1)
    return vertices * radii + center, np.concatenate([upper, lower])


def make_doll(detail=1):
    """A person of ellipsoids facing the camera's −z, 1.7 m tall, feet at y = 0.85: vertices, faces, parts of vertices.

    Its left arm (part 2) is stretched out to the side, so its hand is on the right of the picture; its right arm (part
    3) passes before its belly.
    """
    parts = [
        ([0, -0.25, 0], [0.2, 0.36, 0.13]),
        ([0, -0.72, 0], [0.1, 0.13, 0.12]),
        ([0.45, -0.48, 0], [0.33, 0.05, 0.05]),
        ([-0.08, -0.2, -0.17], [0.3, 0.05, 0.05]),
        ([0.1, 0.46, 0], [0.09, 0.42, 0.09]),
        ([-0.1, 0.46, 0], [0.09, 0.42, 0.09]),
    ]
    vertices, faces, labels, count = [], [], [], 0
    for label, (center, radii) in enumerate(parts):
        v, f = make_ellipsoid(np.array(center), np.array(radii), 24 * detail, 24 * detail)
        vertices.append(v)
        faces.append(f + count)
        labels.append(np.full(len(v), label))
        count += len(v)
    return np.concatenate(vertices), np.concatenate(faces), np.concatenate(labels)
