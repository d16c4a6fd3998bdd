from pathlib import Path

import numpy as np
import pytest

from spsnet.engines import compile_graph, cut_graph, load_graph, openvino
from spsnet.records import UserError


@pytest.fixture
def graph_path(tmp_path: Path) -> Path:
    """x → (2x, 2x + 1)."""
    ops = openvino.opset13
    x = ops.parameter([1, 3], np.float32, name="x")
    twice = ops.multiply(x, np.float32(2))
    more = ops.add(twice, np.float32(1))
    path = tmp_path / "graph.xml"
    openvino.save_model(openvino.Model([twice, more], [x], "small"), path, compress_to_fp16=False)
    return path


def test_runs_a_graph_and_gives_its_outputs_in_order(graph_path: Path):
    twice, more = compile_graph(load_graph(graph_path))(np.array([[1.0, 2.0, 3.0]], np.float32))
    np.testing.assert_array_equal(twice, [[2, 4, 6]])
    np.testing.assert_array_equal(more, [[3, 5, 7]])


def test_outputs_are_copies(graph_path: Path):
    graph = compile_graph(load_graph(graph_path))
    first = graph(np.ones((1, 3), np.float32))[0]
    graph(np.zeros((1, 3), np.float32))
    np.testing.assert_array_equal(first, [[2, 2, 2]])


@pytest.mark.parametrize("streams", [1, 2, 3])
@pytest.mark.parametrize("runs", [0, 1, 7])
def test_runs_each_input_in_order_whatever_the_streams(graph_path: Path, streams: int, runs: int):
    graph = compile_graph(load_graph(graph_path), streams=streams)
    results = graph.run_each(np.full((1, 3), i, np.float32) for i in range(runs))
    assert [result[1][0, 0] for result in results] == [2 * i + 1 for i in range(runs)]


def test_cuts_a_graph_to_the_outputs_that_are_wanted(graph_path: Path):
    model = load_graph(graph_path)
    cut = cut_graph(model, [model.outputs[0].get_node().input_value(0)])
    assert len(cut.outputs) == 1
    assert not any(op.get_type_name() == "Add" for op in cut.get_ops())
    np.testing.assert_array_equal(compile_graph(cut)(np.ones((1, 3), np.float32)), [[[2, 2, 2]]])


def test_computes_in_float32_not_in_bfloat16(graph_path: Path):
    x = np.array([[1.2345678, 1e-7, 3.0]], np.float32)
    np.testing.assert_array_equal(compile_graph(load_graph(graph_path))(x)[0], x * 2)


def test_a_missing_file_is_named_with_the_remedy(tmp_path: Path):
    with pytest.raises(UserError, match=r"absent\.tflite does not exist; run `spsnet models pull`"):
        load_graph(tmp_path / "absent.tflite")


def test_a_file_that_is_no_graph_is_named_in_one_line(tmp_path: Path):
    path = tmp_path / "text.tflite"
    path.write_text("not a graph")
    with pytest.raises(UserError, match=r"text\.tflite could not be read as a network graph") as caught:
        load_graph(path)
    assert "\n" not in str(caught.value)


def test_refuses_impossible_numbers_of_threads(graph_path: Path):
    with pytest.raises(ValueError, match="streams at least 1, got 1 and 0"):
        compile_graph(load_graph(graph_path), streams=0)


def test_threads_may_run_on_any_core(graph_path: Path):
    """Two processes with pinned threads would share the first core."""
    (request,) = compile_graph(load_graph(graph_path))._requests
    assert request.get_compiled_model().get_property("ENABLE_CPU_PINNING") is False
