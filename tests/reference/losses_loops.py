"""The losses as loops over single numbers."""

import numpy as np


def mean_pose(predicted, target, valid):
    total, count = 0.0, 0
    for b, t in np.ndindex(valid.shape):
        if valid[b, t]:
            for entry in np.ndindex(predicted.shape[2:]):
                total += (predicted[b, t][entry] - target[b, t][entry]) ** 2
                count += 1
    return total / count


def mean_shape(predicted, target, valid):
    errors = [(p - t) ** 2 for b in range(len(valid)) if valid[b] for p, t in zip(predicted[b], target[b], strict=True)]
    return sum(errors) / len(errors)


def align(points, root):
    return points - sum(points[r] for r in root) / len(root)


def mean_joints(predicted, target, valid, root):
    errors = []
    for b, t, j in np.ndindex(valid.shape):
        if valid[b, t, j] and all(valid[b, t, r] for r in root):
            difference = align(predicted[b, t], root)[j] - align(target[b, t], root)[j]
            errors += [d**2 for d in difference]
    return sum(errors) / len(errors)


def mean_velocity(predicted, target, valid, root):
    errors = []
    for b, t, j in np.ndindex(valid.shape):
        ends = (t, t + 1)
        if t + 1 == valid.shape[1] or not all(valid[b, e, k] for e in ends for k in (j, *root)):
            continue
        moved = align(predicted[b, t + 1], root)[j] - align(predicted[b, t], root)[j]
        truth = align(target[b, t + 1], root)[j] - align(target[b, t], root)[j]
        errors += [d**2 for d in moved - truth]
    return sum(errors) / len(errors)


def mean_keypoints(predicted, target, confidence):
    errors = []
    for b, t, k in np.ndindex(confidence.shape):
        if confidence[b, t, k] > 0:
            errors += [confidence[b, t, k] * d**2 for d in predicted[b, t, k] - target[b, t, k]]
    return sum(errors) / len(errors)


def mean_forecast(forecast, features, mask):
    errors = []
    for b in range(len(mask)):
        for i in range(mask.shape[1] - 1):
            if mask[b, i] and mask[b, i + 1]:
                errors += [d**2 for d in features[b, i + 1] - forecast[b, i]]
    return sum(errors) / len(errors)
