"""TFRecord files of `tf.train.Example`s, written by TensorBoard and protobuf: nothing in it is ours."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from tensorboard.summary.writer.record_writer import RecordWriter

Features = Mapping[str, Sequence[bytes] | np.ndarray]


def _define_example() -> Any:
    """Message classes by the published definition of `tf.train.Example`."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="made_example.proto", package="made", syntax="proto3")

    def add(owner: Any, name: str, number: int, kind: int, label: int, of: str | None = None) -> Any:
        return owner.field.add(name=name, number=number, type=kind, label=label, type_name=of and f".made.{of}")

    one, many = field.LABEL_OPTIONAL, field.LABEL_REPEATED
    for name, kind in (
        ("BytesList", field.TYPE_BYTES),
        ("FloatList", field.TYPE_FLOAT),
        ("Int64List", field.TYPE_INT64),
    ):
        add(file.message_type.add(name=name), "value", 1, kind, many)
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, (name, of) in enumerate(
        (("bytes_list", "BytesList"), ("float_list", "FloatList"), ("int64_list", "Int64List")), start=1
    ):
        add(feature, name, number, field.TYPE_MESSAGE, one, of).oneof_index = 0
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    add(entry, "key", 1, field.TYPE_STRING, one)
    add(entry, "value", 2, field.TYPE_MESSAGE, one, "Feature")
    add(features, "feature", 1, field.TYPE_MESSAGE, many, "Features.FeatureEntry")
    add(file.message_type.add(name="Example"), "features", 1, field.TYPE_MESSAGE, one, "Features")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("made.Example"))


_EXAMPLE = _define_example()


def serialize_example(features: Features) -> bytes:
    example = _EXAMPLE()
    for name, values in features.items():
        feature = example.features.feature[name]
        if not isinstance(values, np.ndarray):
            feature.bytes_list.value.extend(values)
        elif values.dtype.kind == "f":
            feature.float_list.value.extend(values.ravel().tolist())
        else:
            feature.int64_list.value.extend(values.ravel().tolist())
    return example.SerializeToString()


def write_records(path: Path, records: Sequence[bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        writer = RecordWriter(file)
        for record in records:
            writer.write(record)
        writer.flush()
    return path
