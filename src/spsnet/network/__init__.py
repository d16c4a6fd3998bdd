"""The paper's network: features of N frames in, pose, shape and camera out.

What is here needs no PyTorch. The network itself is in `spsnet.network.spsnet`, its files in `spsnet.network.weights`.
"""

from spsnet.network.camera import keep_scale_positive
from spsnet.network.config import FeatureConfig, ModelConfig, NetworkConfig
from spsnet.network.exported import HeadPrediction, SpsHead
from spsnet.network.features import build_features

__all__ = [
    "FeatureConfig",
    "HeadPrediction",
    "ModelConfig",
    "NetworkConfig",
    "SpsHead",
    "build_features",
    "keep_scale_positive",
]
