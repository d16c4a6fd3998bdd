"""What a model is: its features, its network and whose encoder and body it was trained with. No PyTorch here."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from spsnet.records import UserError

CONFIG_FILE = "config.json"

AttentionScale = Literal["none", "sqrt_d"]
Activation = Literal["none", "leaky_relu"]
FeatureKind = Literal["landmarks", "world", "vector", "both"]
WIDTH_COUNT = 12
"""Widths of a person: `crops.WIDTH_NAMES`."""


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """The sizes and choices of the SPS network (method, section 1)."""

    feature_width: int
    """Numbers in one f_i as it comes in: 2048 in the paper, 102 for landmarks (`FeatureConfig.width`)."""
    stem_width: int | None = None
    """None: f_i goes straight into A and F, as in the paper. A number d: f_i is first lifted to d by a learned stem,
    FC(feature_width, d) and LeakyReLU, for low-dimensional features such as landmarks."""
    stem_layers: int = 1
    """Layers of the stem; each after the first is FC(d, d) and LeakyReLU. Without effect where there is no stem."""
    attention_scale: AttentionScale = "none"
    """"none": logits q·k as in eq. 1. "sqrt_d": divided by √d, so that they do not saturate the softmax at large d."""
    use_attention: bool = True
    """False: h_i = f_i (the ablation without A)."""
    use_forecasting: bool = True
    """False: no F and no fusion, F_i = h_i (the ablation without F). With both off the network sees single frames."""
    hidden: int = 1024
    """Width of the regressor's trunk."""
    iterations: int = 3
    """Rounds of iterative error feedback from the mean parameters."""
    regressor_activation: Activation = "none"
    """What follows each trunk layer. "none" is the single-image regressor's layout (its weights load unchanged) and
    makes the iterations one affine map, folded at export. "leaky_relu" lets the regressor bend."""
    regressor_dropout: float = 0.5
    """Dropout after each trunk layer, in training only."""
    minimum_scale: float = 0.1
    """Camera scales s under this are bent to stay positive (`keep_scale_positive`); scales above come out as they are.
    0.1 is a person a twentieth of the crop high."""
    window: int = 32
    """Frames of a training window, and of the overlapping windows at inference."""

    def __post_init__(self) -> None:
        """Refuse sizes that make no network."""
        for name in ("feature_width", "stem_layers", "hidden", "iterations", "window"):
            _require_count("NetworkConfig", name, getattr(self, name))
        if self.stem_width is not None:
            _require_count("NetworkConfig", "stem_width", self.stem_width)
        _require_choice("NetworkConfig", "attention_scale", self.attention_scale, get_args(AttentionScale))
        _require_choice("NetworkConfig", "regressor_activation", self.regressor_activation, get_args(Activation))
        for name in ("use_attention", "use_forecasting"):
            _require_choice("NetworkConfig", name, getattr(self, name), (True, False))
        if not 0 <= self.regressor_dropout < 1:
            raise ValueError(f"NetworkConfig.regressor_dropout should be in [0, 1), got {self.regressor_dropout}")
        if not self.minimum_scale > 0:
            raise ValueError(f"NetworkConfig.minimum_scale should be positive, got {self.minimum_scale}")

    @property
    def width(self) -> int:
        """The d of A, F and the regressors."""
        return self.feature_width if self.stem_width is None else self.stem_width


@dataclass(frozen=True, kw_only=True)
class FeatureConfig:
    """What one f_i is made of; `build_features` makes it.

    The standardising constants describe people in ordinary films: a person 1.7 m high in a box a quarter larger, 2 to
    15 m away, anywhere in the picture. They only bring the numbers near unit size; no result depends on them otherwise.
    """

    kind: FeatureKind = "landmarks"
    """"landmarks": the encoder's image landmarks (x, y, confidence) in the crop, and the view. "world": these, then the
    encoder's own 3D landmarks. "vector": the encoder's own feature vector alone, as in the paper. "both": landmarks,
    view, then vector."""
    landmarks: int = 33
    """Number of landmarks: 33 for BlazePose."""
    use_confidence: bool = True
    """Whether each landmark's confidence is part of f_i."""
    use_widths: bool = False
    """Whether widths of trunk and limbs in the encoder's mask follow the view: they tell of girth, landmarks do not."""
    vector_width: int = 1152
    """Length of the encoder's feature vector: 1152 for BlazePose, 2048 for ResNet-50."""
    vector_scale: float = 1.0
    """The vector is divided by this."""
    world_scale_m: float = 0.4
    """3D landmarks are divided by this."""
    width_scale_m: float = 0.2
    """Widths, in metres as the encoder's 3D landmarks have them, are divided by this."""
    log_angular_size_mean: float = -1.2
    """Mean of log(side / focal length); exp(−1.2) = 0.3, a person about 7 m away."""
    log_angular_size_deviation: float = 0.6
    """Standard deviation of log(side / focal length)."""
    angular_offset_deviation: float = 0.3
    """Standard deviation of (crop centre − principal point) / focal length; its mean is 0."""

    def __post_init__(self) -> None:
        """Refuse unknown kinds and constants that would divide by nothing."""
        _require_choice("FeatureConfig", "kind", self.kind, get_args(FeatureKind))
        _require_choice("FeatureConfig", "use_confidence", self.use_confidence, (True, False))
        for name in ("landmarks", "vector_width"):
            _require_count("FeatureConfig", name, getattr(self, name))
        _require_choice("FeatureConfig", "use_widths", self.use_widths, (True, False))
        if self.use_widths and self.kind == "vector":
            raise ValueError("FeatureConfig.use_widths needs landmarks, which 'vector' features have not")
        for name in (
            "vector_scale",
            "world_scale_m",
            "width_scale_m",
            "log_angular_size_deviation",
            "angular_offset_deviation",
        ):
            if not getattr(self, name) > 0:
                raise ValueError(f"FeatureConfig.{name} should be positive, got {getattr(self, name)}")

    @property
    def uses_landmarks(self) -> bool:
        """Whether landmarks and view are part of f_i."""
        return self.kind != "vector"

    @property
    def uses_world(self) -> bool:
        """Whether the encoder's 3D landmarks are part of f_i."""
        return self.kind == "world"

    @property
    def uses_vector(self) -> bool:
        """Whether the encoder's feature vector is part of f_i."""
        return self.kind in ("vector", "both")

    @property
    def width(self) -> int:
        """Numbers in one f_i.

        102 for "landmarks" (69 without confidence), 201 for "world", 1152 for "vector", 1254 for "both"; 24 more with
        widths.
        """
        count = (3 if self.use_confidence else 2) * self.landmarks + 3 if self.uses_landmarks else 0
        count += 2 * WIDTH_COUNT if self.use_widths else 0
        count += 3 * self.landmarks if self.uses_world else 0
        return count + (self.vector_width if self.uses_vector else 0)


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """All of a model folder's `config.json`."""

    network: NetworkConfig
    features: FeatureConfig
    encoder: str
    """Asset name of the encoder whose outputs it was trained on, such as "blazepose-heavy"."""
    body: str
    """Name of the body that pose and shape belong to."""
    name: str = "spsnet"
    version: str = "0"
    """Of the weights, told in every result."""

    def __post_init__(self) -> None:
        """Refuse a network that does not fit its features."""
        if self.network.feature_width != self.features.width:
            raise ValueError(
                f"ModelConfig.network.feature_width should be {self.features.width} for {self.features.kind!r} "
                f"features, got {self.network.feature_width}"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "ModelConfig":
        """Build from the values of a JSON file; choices that it does not name take their defaults.

        Raises:
            ValueError: If a name is unknown or needed and missing, or a value is wrong.
        """
        try:
            network, features = NetworkConfig(**values["network"]), FeatureConfig(**values["features"])
            return cls(**(values | {"network": network, "features": features}))
        except (KeyError, TypeError) as error:
            raise ValueError(f"ModelConfig: {error}") from error

    @classmethod
    def load(cls, folder: Path) -> "ModelConfig":
        """Read a model folder's `config.json`.

        Raises:
            UserError: If the file is missing or is not a model's configuration, naming it.
        """
        path = folder / CONFIG_FILE
        try:
            return cls.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise UserError(f"{path} cannot be read; give --model a folder that `spsnet train` wrote") from error
        except (ValueError, TypeError, AttributeError) as error:
            raise UserError(f"{path} is not the configuration of an spsnet model: {error}") from error


def _require_count(owner: str, field: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{owner}.{field} should be a whole number of at least 1, got {value!r}")


def _require_choice(owner: str, field: str, value: Any, choices: tuple[Any, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{owner}.{field} should be one of {choices}, got {value!r}")
