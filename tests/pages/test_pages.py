"""The pieces of pages, by hand."""

import base64
import re

import cv2
import numpy as np
import pytest

from spsnet.pages.charts import Curve, Shade, draw_chart
from spsnet.pages.document import make_document, make_list
from spsnet.pages.pictures import cut_square, encode_picture, find_square

CURVE = Curve(np.arange(11) / 10, np.linspace(0, 20, 11), "#123456")


def find_points(svg: str) -> list[list[tuple[float, float]]]:
    lines = re.findall(r'polyline points="([^"]*)"', svg)
    return [[tuple(map(float, point.split(","))) for point in line.split()] for line in lines]  # type: ignore[misc]


def test_a_curve_rises_from_the_floor_to_the_top_and_stops_there() -> None:
    ((first, *middle, last),) = find_points(draw_chart([CURVE], 10.0, label="a"))
    assert first == (pytest.approx(30.9, abs=0.1), 80.0)
    assert last == (pytest.approx(319.1, abs=0.1), 8.0)
    assert middle[4][1] == 8.0  # 10 at half of the time, and the top from there on


def test_axes_are_labelled_in_seconds_of_the_span() -> None:
    svg = draw_chart([CURVE], 10.0, label="a < b", span_s=(0.0, 2.0))
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    assert texts == ["0", "5", "10", "0.0 s", "2.0 s"]
    assert 'aria-label="a &lt; b"' in svg
    assert find_points(svg)[0][-1][0] == pytest.approx(30 + 290 * 0.503, abs=1)
    assert re.findall(r"<text[^>]*>([^<]*)</text>", draw_chart([CURVE], 1.0, label=""))[1] == "0.5"


def test_shades_lie_where_their_time_is() -> None:
    svg = draw_chart([CURVE], 10.0, label="", shades=[Shade(0.5, 0.75, "gap"), Shade(0.2, 0.2, "problem")])
    boxes = re.findall(r'<rect class="shade (\w+)" x="([\d.]+)" y="8" width="([\d.]+)"', svg)
    assert boxes == [("gap", "175.0", "72.5"), ("problem", "88.0", "1.5")]


def test_the_limit_is_drawn_where_it_fits() -> None:
    assert 'class="limit" x1="30" x2="320" y1="44.0"' in draw_chart([CURVE], 10.0, label="", limit=5.0)
    assert "limit" not in draw_chart([CURVE], 10.0, label="", limit=11.0)


def test_a_chart_of_nothing_has_axes() -> None:
    empty = Curve(np.zeros(0), np.zeros(0), "red")
    assert find_points(draw_chart([empty], 1.0, label="")) == []
    assert ">1.0 s</text>" in draw_chart([empty], 1.0, label="")


def test_square() -> None:
    corner, side = find_square(np.array([[0.0, 0], [40, 80]]))
    assert (corner.tolist(), side) == ([-30.0, -10.0], 100.0)
    assert find_square(np.zeros((1, 2)))[1] == 20.0


def test_cut_and_encode() -> None:
    image = np.full((100, 100, 3), 200, np.uint8)
    cut = cut_square(image, np.array([50.0, 0.0]), 100.0, 40)
    assert cut.shape == (40, 40, 3)
    assert (cut[:, :19] == 200).all()
    assert (cut[:, 21:] == 128).all()
    address = encode_picture(np.full((8, 8, 3), (250, 10, 10), np.uint8))
    data = np.frombuffer(base64.b64decode(address.removeprefix("data:image/jpeg;base64,")), np.uint8)
    assert np.abs(cv2.imdecode(data, cv2.IMREAD_COLOR)[4, 4].astype(int) - (10, 10, 250)).max() < 12  # BGR


def test_document() -> None:
    page = make_document("a & b", ["<p>one</p>", make_list(["<x>"])], style=".own { color: red; }")
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "<title>a &amp; b</title>" in page
    assert "<p>one</p>\n<ul><li>&lt;x&gt;</li></ul>" in page
    assert page.index("prefers-color-scheme: dark") < page.index(".own { color: red; }")
