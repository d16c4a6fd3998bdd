"""A lighter mesh of a body, for machines that draw on the CPU."""

import numpy as np
from jaxtyping import Float, Int


def simplify_mesh(
    vertices_m: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    groups: Int[np.ndarray, " vertices"],
    cell_m: float,
) -> tuple[Int[np.ndarray, " kept"], Int[np.ndarray, "fewer 3"]]:
    """Keep one vertex a cell of a grid and group: the one nearest to the mean of those that lie there.

    Convention:
        Two vertices of one group 1 cm apart and not parted by the grid become one; of two groups they stay two.

    Args:
        vertices_m: The mesh at rest.
        faces: Counter-clockwise seen from outside.
        groups: Vertices of different ones are never joined: the bones that move them most.
        cell_m: Side of a cell.

    Returns:
        Numbers of the kept vertices, and the faces that still have three corners, each once, as places among them.

    Source:
        Rossignac and Borrel, "Multi-resolution 3D approximations for rendering complex scenes", 1993.
    """
    cells = np.column_stack([np.floor(vertices_m / cell_m).astype(np.int64), groups.astype(np.int64)])
    _, cluster = np.unique(cells, axis=0, return_inverse=True)
    cluster = cluster.ravel()
    counts = np.bincount(cluster)
    means = np.stack([np.bincount(cluster, vertices_m[:, axis]) for axis in range(3)], axis=1) / counts[:, None]
    distance = np.linalg.norm(vertices_m - means[cluster], axis=1)
    order = np.lexsort((distance, cluster))
    kept = order[np.concatenate([[0], np.cumsum(counts)[:-1]])]
    corners = cluster[faces]
    corners = corners[np.array([len(set(face)) == 3 for face in corners.tolist()], bool)]
    turned = np.take_along_axis(corners, (corners.argmin(1)[:, None] + np.arange(3)) % 3, axis=1)
    return kept, np.unique(turned, axis=0)
