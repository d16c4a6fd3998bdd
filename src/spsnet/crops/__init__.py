"""Where to look for a person in a frame, and the pictures of it that the encoder sees."""

from spsnet.crops.cutting import cut_crops
from spsnet.crops.looks import Encode, Look, take_looks
from spsnet.crops.observer import ObserverConfig, PersonObserver
from spsnet.crops.regions import (
    CROP_SIZE_PX,
    CropRegion,
    box_to_region,
    circle_to_region,
    compute_network_box,
    crop_to_image_px,
    image_to_crop_px,
    rotate_world,
)
from spsnet.crops.widths import WIDTH_NAMES, measure_widths

__all__ = [
    "CROP_SIZE_PX",
    "WIDTH_NAMES",
    "CropRegion",
    "Encode",
    "Look",
    "ObserverConfig",
    "PersonObserver",
    "box_to_region",
    "circle_to_region",
    "compute_network_box",
    "crop_to_image_px",
    "cut_crops",
    "image_to_crop_px",
    "measure_widths",
    "rotate_world",
    "take_looks",
]
