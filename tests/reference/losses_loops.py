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


def mean_distance(predicted, target, valid, root):
    errors = []
    for b, t, j in np.ndindex(valid.shape):
        if valid[b, t, j] and all(valid[b, t, r] for r in root):
            difference = align(predicted[b, t], root)[j] - align(target[b, t], root)[j]
            errors.append((sum(d**2 for d in difference) + 1e-6) ** 0.5)
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


def mean_shape_size(shape, valid):
    squares = [coefficient**2 for b in range(len(valid)) if valid[b] for coefficient in shape[b]]
    return sum(squares) / len(squares)


def mean_six_d(six_d, rotations, mask):
    errors = []
    for b, t, j in np.ndindex(six_d.shape[:3]):
        if mask[b, t]:
            columns = [rotations[b, t, j][row, column] for column in (0, 1) for row in (0, 1, 2)]
            errors += [(a - c) ** 2 for a, c in zip(six_d[b, t, j], columns, strict=True)]
    return sum(errors) / len(errors)


def mean_mask(projected, target, valid, two_sided, least):
    costs = []
    for b, row, column in np.ndindex(projected.shape):
        if valid[b]:
            covered = least + (1 - 2 * least) * projected[b, row, column]
            cost = -target[b, row, column] * np.log(covered)
            if two_sided:
                cost -= (1 - target[b, row, column]) * np.log(1 - covered)
            costs.append(cost)
    return sum(costs) / len(costs)


def mean_camera(first_camera, first_root, second_camera, second_root, first_mask, second_mask):
    errors = []
    for b in range(len(first_mask)):
        for frame in range(1, first_mask.shape[1]):  # of the first window; the second calls it frame - 1
            if first_mask[b, frame] and second_mask[b, frame - 1]:
                errors += [d**2 for d in first_camera[b, frame] - second_camera[b, frame - 1]]
                errors += [d**2 for d in (first_root[b, frame] - second_root[b, frame - 1]).ravel()]
    return sum(errors) / len(errors)


def mean_score(scores, wanted, mask):
    errors = [(score - wanted) ** 2 for score, valid in zip(scores, mask, strict=True) if valid]
    return sum(errors) / len(errors)


def mean_frames(occluded, original, mask):
    errors = []
    for b, t in np.ndindex(mask.shape):
        if mask[b, t]:
            errors += [d**2 for d in occluded[b, t] - original[b, t]]
    return sum(errors) / len(errors)


def project_face(corners_m, box_xys_px, focal_px, center_px):
    """Middle and area of one triangle in the coordinates of a box."""
    seen = []
    for x, y, z in corners_m:
        pixel = (focal_px * x / z + center_px[0], focal_px * y / z + center_px[1])
        seen.append([2 * (pixel[k] - box_xys_px[k]) / box_xys_px[2] for k in (0, 1)])
    (ax, ay), (bx, by), (cx, cy) = seen
    return ((ax + bx + cx) / 3, (ay + by + cy) / 3), abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2


def splat(points, areas, size):
    """One silhouette, each pixel asking every face."""
    picture = np.zeros((size, size))
    for row, column in np.ndindex(size, size):
        density = 0.0
        for (x, y), area in zip(points, areas, strict=True):
            right, down = (x + 1) * size / 2 - 0.5 - column, (y + 1) * size / 2 - 0.5 - row
            density += area * (size / 2) ** 2 * max(0, 1 - abs(right)) * max(0, 1 - abs(down))
        picture[row, column] = 1 - 2 ** -(density**3)
    return picture
