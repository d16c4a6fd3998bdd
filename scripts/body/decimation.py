"""Fewer vertices by symmetric half-edge collapse: the vertices that stay are vertices of the source.

A vertex v is moved onto a neighbour u and disappears, always together with its mirror image. The order is that of the
quadric error (Garland and Heckbert 1997) at u, weighted by how much each vertex matters. Since what stays is a subset,
every person, weight and texture coordinate follows by indexing.
"""

import heapq
from dataclasses import dataclass

import numpy as np

_MAXIMUM_VALENCE = 9
_MINIMUM_NORMAL_COSINE = 0.3


@dataclass(frozen=True, kw_only=True)
class Decimated:
    """A mesh on a subset of the source's vertices."""

    kept: np.ndarray
    """(V',) indices of the source's vertices that stay, ascending."""
    faces: np.ndarray
    """(F', 3) indices into `kept`."""
    uv_faces: np.ndarray
    """(F', 3) indices into the source's texture coordinates."""


def decimate_symmetrically(
    vertices: np.ndarray,
    faces: np.ndarray,
    uv_faces: np.ndarray,
    mirror: np.ndarray,
    importance: np.ndarray,
    *,
    target_count: int,
) -> Decimated:
    """Collapse pairs of mirrored half-edges until `target_count` vertices are left.

    Args:
        vertices: (V, 3), symmetric about x = 0.
        faces: (F, 3), a closed orientable surface.
        uv_faces: (F, 3) texture indices of the corners; seams are kept.
        mirror: (V,) mirror image of each vertex.
        importance: (V,) factor on the error of each vertex' surroundings.
        target_count: Vertices to keep, at most.

    Raises:
        ValueError: If no more half-edges can be collapsed before `target_count` is reached.
    """
    mesh = _Mesh(vertices, faces, uv_faces, mirror, importance)
    heap: list[tuple[float, int, int, int]] = []
    for v in range(len(vertices)):
        mesh.push_best(heap, v)
    left = len(vertices)
    while left > target_count:
        if not heap:
            raise ValueError(f"{left} vertices are left and none can go; asked for {target_count}")
        _, v, u, stamp = heapq.heappop(heap)
        if stamp != mesh.stamp[v] or not mesh.alive[v]:
            continue
        if not mesh.can_collapse_pair(v, u):
            mesh.refused.add((v, u))
            mesh.push_best(heap, v)
            continue
        touched = mesh.collapse(v, u)
        left -= 1
        if mirror[v] != v:
            touched |= mesh.collapse(int(mirror[v]), int(mirror[u]))
            left -= 1
        for w in touched:
            mesh.stamp[w] += 1
            mesh.refused -= {(w, x) for x in mesh.ring(w)}
        for w in touched:
            mesh.push_best(heap, w)
    return mesh.finish()


class _Mesh:
    """A triangle mesh that loses vertices."""

    def __init__(
        self,
        vertices: np.ndarray,
        faces: np.ndarray,
        uv_faces: np.ndarray,
        mirror: np.ndarray,
        importance: np.ndarray,
    ) -> None:
        self.points = vertices.astype(float)
        self.faces = [list(map(int, face)) for face in faces]
        self.uv_faces = [list(map(int, face)) for face in uv_faces]
        self.mirror = mirror
        self.alive = np.ones(len(vertices), bool)
        self.stamp = np.zeros(len(vertices), int)
        self.refused: set[tuple[int, int]] = set()
        self.around: list[set[int]] = [set() for _ in vertices]
        for index, face in enumerate(self.faces):
            for v in face:
                self.around[v].add(index)
        self.quadrics = self._sum_quadrics(faces, importance)

    def _sum_quadrics(self, faces: np.ndarray, importance: np.ndarray) -> np.ndarray:
        a, b, c = (self.points[faces[:, k]] for k in range(3))
        normal = np.cross(b - a, c - a)
        area = 0.5 * np.linalg.norm(normal, axis=1)
        normal /= np.maximum(2.0 * area, 1e-15)[:, None]
        plane = np.concatenate([normal, -(normal * a).sum(axis=1, keepdims=True)], axis=1)
        per_face = plane[:, :, None] * plane[:, None, :] * area[:, None, None]
        quadrics = np.zeros((len(self.points), 4, 4))
        for k in range(3):
            np.add.at(quadrics, faces[:, k], per_face)
        # A little of the distance itself keeps triangles even where the surface is flat.
        for v in range(len(quadrics)):
            point = np.append(-self.points[v], 1.0)
            spread = np.zeros((4, 4))
            spread[:3, :3] = np.eye(3)
            spread[:3, 3] = spread[3, :3] = point[:3]
            spread[3, 3] = point[:3] @ point[:3]
            quadrics[v] += 2e-3 * np.trace(quadrics[v][:3, :3]) * spread
        return quadrics * importance[:, None, None]

    def ring(self, v: int) -> set[int]:
        return {w for index in self.around[v] for w in self.faces[index]} - {v}

    def push_best(self, heap: list[tuple[float, int, int, int]], v: int) -> None:
        best = None
        for u in self.ring(v):
            if (v, u) in self.refused:
                continue
            at = np.append(self.points[u], 1.0)
            cost = float(at @ (self.quadrics[v] + self.quadrics[u]) @ at)
            if best is None or cost < best[0]:
                best = (cost, u)
        if best is not None:
            heapq.heappush(heap, (best[0], v, best[1], int(self.stamp[v])))

    def can_collapse_pair(self, v: int, u: int) -> bool:
        v_mirror, u_mirror = int(self.mirror[v]), int(self.mirror[u])
        if v == v_mirror:
            return u == u_mirror and self._can_collapse(v, u)
        ring = self.ring(v)
        if v_mirror in ring or (u_mirror in ring and u_mirror != u):
            return False
        if u == u_mirror and ring & self.ring(v_mirror) != {u}:
            return False
        return self._can_collapse(v, u) and self._can_collapse(v_mirror, u_mirror)

    def _can_collapse(self, v: int, u: int) -> bool:
        ring_v, ring_u = self.ring(v), self.ring(u)
        if len(ring_v & ring_u) != 2 or len(ring_v | ring_u) - 4 < 0:
            return False
        valence = len(ring_u | ring_v) - 2
        if valence < 3 or valence > max(_MAXIMUM_VALENCE, len(ring_u)):
            return False
        if any(len(self.around[w]) <= 3 for w in ring_v & ring_u):
            return False
        return self._map_texture(v, u) is not None and self._keeps_normals(v, u)

    def _keeps_normals(self, v: int, u: int) -> bool:
        for index in self.around[v] - self.around[u]:
            face = self.faces[index]
            before = self._normal(face)
            after = self._normal([u if w == v else w for w in face])
            size = np.linalg.norm(before) * np.linalg.norm(after)
            if before @ after < _MINIMUM_NORMAL_COSINE * size or size < 1e-16:
                return False
        return True

    def _normal(self, face: list[int]) -> np.ndarray:
        a, b, c = self.points[face]
        return np.cross(b - a, c - a)

    def _map_texture(self, v: int, u: int) -> dict[int, int] | None:
        """Where each texture corner of v goes; None if the collapse would tear or cross a seam."""
        target: dict[int, int] = {}
        for index in self.around[v] & self.around[u]:
            face, texture = self.faces[index], self.uv_faces[index]
            at_v, at_u = texture[face.index(v)], texture[face.index(u)]
            if target.setdefault(at_v, at_u) != at_u:
                return None
        for index in self.around[v]:
            if self.uv_faces[index][self.faces[index].index(v)] not in target:
                return None
        return target

    def collapse(self, v: int, u: int) -> set[int]:
        target = self._map_texture(v, u)
        assert target is not None
        touched = self.ring(v)
        lost = self.around[v] & self.around[u]
        for index in lost:
            for w in self.faces[index]:
                if w != v:
                    self.around[w].discard(index)
        for index in self.around[v] - lost:
            corner = self.faces[index].index(v)
            self.faces[index][corner] = u
            self.uv_faces[index][corner] = target[self.uv_faces[index][corner]]
            self.around[u].add(index)
        self.quadrics[u] += self.quadrics[v]
        self.around[v] = set()
        self.alive[v] = False
        return touched | self.ring(u)

    def finish(self) -> Decimated:
        kept = np.flatnonzero(self.alive)
        live = sorted(set().union(*(self.around[v] for v in kept)))
        new_index = np.full(len(self.points), -1)
        new_index[kept] = np.arange(len(kept))
        return Decimated(
            kept=kept,
            faces=new_index[np.array([self.faces[index] for index in live])],
            uv_faces=np.array([self.uv_faces[index] for index in live]),
        )
