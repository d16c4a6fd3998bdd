"""A trained model's folder: `config.json`, `model.safetensors`, `head.onnx`, `card.md`."""

import copy
import json
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save

from spsnet.network.config import CONFIG_FILE, ModelConfig
from spsnet.network.exported import GRAPH_FILE
from spsnet.network.onnx_graph import export_onnx
from spsnet.network.spsnet import SpsNet
from spsnet.records import UserError

WEIGHTS_FILE, CARD_FILE = "model.safetensors", "card.md"


def save_model(folder: Path, network: SpsNet, config: ModelConfig, *, card: str) -> None:
    """Write the four files; each is whole or not there, and `config.json` comes last.

    Weights are rounded to half precision, and the graph is of the rounded network: both files are the same model.

    Args:
        folder: Made if it does not exist; files of these names are replaced.
        network: Left as it is, in its own precision.
        config: Its `network` must be the network's own.
        card: What the model was trained on, how it measures, its licence; Markdown.

    Raises:
        ValueError: If `config.network` is not the network's.
    """
    if config.network != network.config:
        raise ValueError("config.network should be the network's own configuration")
    folder.mkdir(parents=True, exist_ok=True)
    rounded = copy.deepcopy(network).cpu().half()
    halves = {name: value.contiguous() for name, value in rounded.state_dict().items()}
    part = folder / ".part"
    part.write_bytes(save(halves))
    part.replace(folder / WEIGHTS_FILE)
    export_onnx(rounded.float(), part)
    part.replace(folder / GRAPH_FILE)
    for name, text in ((CARD_FILE, card), (CONFIG_FILE, json.dumps(config.to_dict(), indent=2) + "\n")):
        part.write_text(text, encoding="utf-8")
        part.replace(folder / name)


def load_model(folder: Path) -> tuple[SpsNet, ModelConfig]:
    """Read a folder that `save_model` wrote; the network is in float32, on the CPU, in evaluation mode.

    Raises:
        UserError: If a file is missing, damaged, or holds another network's weights, naming the file.
    """
    config = ModelConfig.load(folder)
    path = folder / WEIGHTS_FILE
    network = SpsNet(config.network)
    try:
        network.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} cannot be read ({error}); copy or train the model again") from error
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise UserError(f"{path} does not fit {folder / CONFIG_FILE}: {reason}") from error
    return network.eval(), config
