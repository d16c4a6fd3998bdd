"""The block that Q, K and F are made of."""

from itertools import pairwise

from torch import nn

from spsnet.network.products import Linear


def make_two_layers(width: int) -> nn.Sequential:
    """FC(d, d), LeakyReLU, FC(d, d), LeakyReLU: one LeakyReLU after each FC, as the paper words it."""
    return nn.Sequential(Linear(width, width), nn.LeakyReLU(), Linear(width, width), nn.LeakyReLU())


def make_stem(feature_width: int, width: int, layers: int) -> nn.Sequential:
    """FC and LeakyReLU, `layers` times: lifts low-dimensional features to the network's width. Not in the paper."""
    widths = [feature_width] + [width] * layers
    parts: list[nn.Module] = []
    for before, after in pairwise(widths):
        parts += [Linear(before, after), nn.LeakyReLU()]
    return nn.Sequential(*parts)
