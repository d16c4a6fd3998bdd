"""Pixel by pixel, face by face: what the rasteriser should find."""

import numpy as np


def rasterize_slowly(vertices_m, faces, camera, near_m=0.05):
    """Face (H,W), -1 for none, and depth (H,W), infinite for none; back faces are left out."""
    face_id = np.full((camera.height, camera.width), -1)
    depth = np.full((camera.height, camera.width), np.inf)
    for number, face in enumerate(faces):
        corners = vertices_m[face]
        if corners[:, 2].min() < near_m:
            continue
        a, b, c = corners[:, :2] / corners[:, 2:] * camera.focal_px + camera.center_px
        area = cross(b - a, c - a)
        if area >= 0:
            continue
        for row in range(camera.height):
            for column in range(camera.width):
                p = np.array([column + 0.5, row + 0.5])
                shares = np.array([cross(c - b, p - b), cross(a - c, p - c), cross(b - a, p - a)]) / area
                if shares.min() < 0:
                    continue
                z = 1 / (shares @ (1 / corners[:, 2]))
                if z < depth[row, column]:
                    face_id[row, column], depth[row, column] = number, z
    return face_id, depth


def cross(left, right):
    """Third component of the vector product of two plane vectors."""
    return left[0] * right[1] - left[1] * right[0]
