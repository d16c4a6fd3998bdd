"""The paper's network as slow, obvious loops over frames, in numpy and float64."""

import numpy as np


def linear(weights, name, x):
    return weights[f"{name}.weight"] @ x + weights[f"{name}.bias"]


def leaky_relu(x):
    return np.where(x > 0, x, 0.01 * x)


def two_layers(weights, name, x):
    return leaky_relu(linear(weights, f"{name}.2", leaky_relu(linear(weights, f"{name}.0", x))))


def attend(weights, features, mask, factor=1.0):
    """Equations 1 and 2 for one window."""
    frames = [i for i in range(len(features)) if mask[i]]
    out = []
    for i in range(len(features)):
        query = two_layers(weights, "query", features[i])
        logits = {j: factor * query @ two_layers(weights, "key", features[j]) for j in frames}
        largest = max(logits.values())
        total = sum(np.exp(logit - largest) for logit in logits.values())
        gathered = np.array(features[i])
        for j in frames:
            gathered = gathered + np.exp(logits[j] - largest) / total * features[j]
        out.append(gathered)
    return np.stack(out)


def fuse(weights, gathered, forecast, mask):
    """Fusion for one window; forecast[i] speaks of frame i + 1."""
    out = []
    for i in range(len(gathered)):
        if i == 0 or not mask[i - 1]:
            out.append(gathered[i])
            continue
        a = np.exp(linear(weights, "score", gathered[i])[0])
        b = np.exp(linear(weights, "score", forecast[i - 1])[0])
        out.append(a / (a + b) * gathered[i] + b / (a + b) * forecast[i - 1])
    return np.stack(out)


def regress(weights, feature, iterations, activation):
    """Iterative error feedback for one frame."""
    state = weights["mean_state"]
    for _ in range(iterations):
        hidden = activation(linear(weights, "trunk_in", np.concatenate([feature, state])))
        hidden = activation(linear(weights, "trunk_out", hidden))
        change = [linear(weights, head, hidden) for head in ("pose", "shape", "camera")]
        state = state + np.concatenate(change)
    return state


def six_d_to_matrix(six_d):
    x = six_d[:3] / np.linalg.norm(six_d[:3])
    y = six_d[3:] - x @ six_d[3:] * x
    y = y / np.linalg.norm(y)
    return np.stack([x, y, np.cross(x, y)], 1)


def discriminate(weights, pose, shape, mask):
    """D for one sequence."""
    joined = np.stack([np.concatenate([shape, frame]) for frame in pose])
    inner = {name.removeprefix("attention."): value for name, value in weights.items()}
    gathered = attend(inner, joined, mask)
    mean = sum(gathered[i] for i in range(len(pose)) if mask[i]) / sum(mask)
    return 1 / (1 + np.exp(-linear(weights, "judge", mean)[0]))


def part(weights, prefix):
    return {name.removeprefix(f"{prefix}."): value for name, value in weights.items() if name.startswith(f"{prefix}.")}


def run_network(weights, config, features, mask):
    """The whole network for one window: state per frame (157) and the window's shape."""
    if config.stem_width is not None:
        for layer in range(config.stem_layers):
            features = [leaky_relu(linear(weights, f"stem.{2 * layer}", f)) for f in features]
    features = np.stack([f if keep else np.zeros_like(f) for f, keep in zip(features, mask, strict=True)])
    factor = config.width**-0.5 if config.attention_scale == "sqrt_d" else 1.0
    fused = attend(part(weights, "attention"), features, mask, factor) if config.use_attention else features
    if config.use_forecasting:
        forecast = np.stack([two_layers(part(weights, "forecasting"), "layers", f) for f in features])
        fused = fuse(part(weights, "fusion"), fused, forecast, mask)
    activation = leaky_relu if config.regressor_activation == "leaky_relu" else lambda x: x
    states = np.stack([regress(part(weights, "regressors"), f, config.iterations, activation) for f in fused])
    return states, sum(states[i, 144:154] for i in range(len(mask)) if mask[i]) / sum(mask)
