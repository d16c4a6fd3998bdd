"""The paper's own training: ResNet-50 features (d = 2048), its losses, weights and schedule.

The encoder's weights are the user's own: the shards have to hold features of an encoder called "resnet50". On the
features of BlazePose the same training is `paper_blazepose.py`.
"""

import math

from spsnet.network.config import FeatureConfig, NetworkConfig
from spsnet.training.batching import BatchConfig
from spsnet.training.loop import LoopConfig
from spsnet.training.objective import LossWeights, ObjectiveConfig
from spsnet.training.recipe import TrainingRecipe

WEIGHTS = LossWeights(
    pose=60.0,
    shape=0.06,
    joints=300.0,
    keypoints=300.0,
    forecast=1.0,
    mask=300.0,
    camera=0.1,
    adversarial=2.0,
    param_pose=60.0,
    param_shape=0.06,
    param_camera=0.1,
)
EPOCHS, EPOCH_STEPS = 120, 500


def make_recipe() -> TrainingRecipe:
    """Adam at 5e-5 and 1e-4, batches of 16 windows of 32 frames, 9 of them labelled in 2D alone."""
    features = FeatureConfig(kind="vector", vector_width=2048)
    return TrainingRecipe(
        name="paper",
        version="0.1",
        encoder="resnet50",
        features=features,
        network=NetworkConfig(feature_width=features.width),
        objective=ObjectiveConfig(
            weights=WEIGHTS, projection="weak", two_sided_mask=False, discriminator_root="camera"
        ),
        loop=LoopConfig(
            steps=EPOCHS * EPOCH_STEPS,
            epoch_steps=EPOCH_STEPS,
            batch=16,
            learning_rate=5e-5,
            discriminator_learning_rate=1e-4,
            schedule="constant",
            warmup_steps=0,
            weight_decay=0.0,
            gradient_norm=math.inf,
            average=0.0,
        ),
        batch=BatchConfig(rendered_share=7 / 16, film_share=9 / 16, covered_share=0.0, blind_share=0.0),
    )
