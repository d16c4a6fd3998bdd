"""What travels between the stages: frozen records, checked on creation. No IO, no networks."""

from spsnet.records.cameras import CropCamera, Pinhole
from spsnet.records.clip import Clip, Gender, Pictures
from spsnet.records.detections import Detections
from spsnet.records.encoding import EncoderOutput
from spsnet.records.errors import UserError
from spsnet.records.frame import FilmInfo, Frame
from spsnet.records.motion import BodyParameters, PersonMotion
from spsnet.records.observations import Observation, PersonObservations
from spsnet.records.prediction import PredictedMotion
from spsnet.records.recovery import Recovery
from spsnet.records.track import Track

__all__ = [
    "BodyParameters",
    "Clip",
    "CropCamera",
    "Detections",
    "EncoderOutput",
    "FilmInfo",
    "Frame",
    "Gender",
    "Observation",
    "PersonMotion",
    "PersonObservations",
    "Pictures",
    "Pinhole",
    "PredictedMotion",
    "Recovery",
    "Track",
    "UserError",
]
