"""Slow, obvious versions of the tracker's parts: full 8 × 8 Kalman matrices, assignment by trying every order."""

from itertools import permutations
from math import exp, log

import numpy as np


def box_to_measurement(box):
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    return np.array([(left + right) / 2, (top + bottom) / 2, log(width * height), log(width / height)])


class MatrixFilter:
    """One box, textbook matrices: state (4 values, 4 velocities)."""

    def __init__(self, box, config):
        self.config = config
        self.x = np.concatenate([box_to_measurement(box), np.zeros(4)])
        units = self.units(self.x)
        self.P = np.diag(
            [(s * u) ** 2 for s, u in zip(config.measurement_std, units, strict=True)]
            + [(s * u) ** 2 for s, u in zip(config.start_velocity_std, units, strict=True)]
        )

    @staticmethod
    def units(x):
        size = exp(x[2] / 2)
        return [size, size, 1.0, 1.0]

    def predict(self, t):
        units = self.units(self.x)
        F = np.eye(8)
        Q = np.zeros((8, 8))
        for i in range(4):
            F[i, i + 4] = t
            q = (self.config.velocity_drift_std[i] * units[i]) ** 2
            d = (self.config.drift_std[i] * units[i]) ** 2
            Q[i, i] = q * t**3 / 3 + d * t
            Q[i, i + 4] = Q[i + 4, i] = q * t**2 / 2
            Q[i + 4, i + 4] = q * t
        self.x = F @ self.x
        self.P = F @ self.P @ F.T + Q

    def correct(self, box):
        z = box_to_measurement(box)
        H = np.hstack([np.eye(4), np.zeros((4, 4))])
        R = np.diag([(s * u) ** 2 for s, u in zip(self.config.measurement_std, self.units(z), strict=True)])
        K = self.P @ H.T @ np.linalg.inv(H @ self.P @ H.T + R)
        self.x = self.x + K @ (z - H @ self.x)
        self.P = (np.eye(8) - K @ H) @ self.P


def compute_iou_slowly(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def assign_slowly(tracks, detections, minimum_iou):
    """Greatest possible sum of IoU over all one-to-one pairings."""
    swapped = len(tracks) > len(detections)
    few, many = (detections, tracks) if swapped else (tracks, detections)
    best = 0.0
    for order in permutations(range(len(many)), len(few)):
        scores = [compute_iou_slowly(few[i], many[j]) for i, j in enumerate(order)]
        best = max(best, sum(score for score in scores if score >= minimum_iou))
    return best
