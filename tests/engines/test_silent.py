import os
import re
import subprocess
import sys
from pathlib import Path

import spsnet

_WATCHED = """
import sys

def refuse(event, arguments):
    if event in {"socket.connect", "socket.sendto", "socket.getaddrinfo", "subprocess.Popen", "os.fork"}:
        raise SystemExit(f"{event} {arguments}")

sys.addaudithook(refuse)
import numpy as np
import spsnet.encoders, spsnet.detection
from spsnet.engines import compile_graph, openvino

x = openvino.opset13.parameter([1, 3], np.float32)
graph = compile_graph(openvino.Model([openvino.opset13.exp(x)], [x], "small"))
assert graph(np.zeros((1, 3), np.float32))[0].tolist() == [[1, 1, 1]]
loaded = [name for name in sys.modules if "telemetry" in name or name.startswith("openvino.tools")]
assert not loaded, loaded
"""


def test_inference_sends_nothing_and_writes_nothing_into_the_home_directory(tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in {"CI", "XDG_CACHE_HOME"}}
    environment |= {"HOME": str(home), "USERPROFILE": str(home)}
    done = subprocess.run([sys.executable, "-c", _WATCHED], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(home.iterdir()) == []


def test_the_converter_can_still_be_imported_by_its_name():
    code = (
        "import spsnet.engines, importlib.util; assert importlib.util.find_spec('openvino.tools.ovc') is not None;"
        "import sys; assert 'openvino.tools.ovc' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_openvino_is_imported_in_one_place_only():
    source = Path(spsnet.__file__).parent
    importing = [
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if re.search(r"^\s*(from|import) openvino", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert importing == [], "take it from spsnet.engines, else its telemetry is loaded"
