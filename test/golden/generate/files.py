"""The golden folder: safetensors and JSON files, and the index that lists them all."""
import json
import struct

import numpy as np

TYPES = {"float32": "F32", "float64": "F64", "int32": "I32"}


def compact(document):
    return json.dumps(document, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def tensor_bytes(arrays, metadata):
    """A safetensors file: header length, JSON header (padded to 8 bytes), little-endian data in the order of `arrays`."""
    header, offset, parts = {"__metadata__": metadata}, 0, []
    for name, array in arrays.items():
        data = np.ascontiguousarray(array)
        if data.dtype.name not in TYPES:
            data = data.astype(np.float32)
        data = data.reshape(np.shape(array))  # ascontiguousarray makes a number a row
        part = data.astype(data.dtype.newbyteorder("<")).tobytes()
        header[name] = {"dtype": TYPES[data.dtype.name], "shape": list(data.shape), "data_offsets": [offset, offset + len(part)]}
        offset += len(part)
        parts.append(part)
    text = compact(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


class Folder:
    """Collects files and index entries; `close` writes the index."""

    def __init__(self, root, about):
        self.root, self.about = root, about
        self.cases, self.more = [], []

    def write(self, path, data):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return path

    def tensors(self, path, arrays, case):
        return self.write(path, tensor_bytes(arrays, {"case": case}))

    def json(self, path, document):
        return self.write(path, (compact(document) + "\n").encode())

    def close(self):
        lists = ((name, getattr(self, name)) for name in ("cases", "more"))
        entries = ",\n".join(f'"{name}":[\n' + ",\n".join(map(compact, items)) + "\n]" for name, items in lists)
        about = ",\n".join(f"{json.dumps(key)}:{compact(value)}" for key, value in self.about.items())
        self.write("index.json", ("{\n" + about + ",\n" + entries + "\n}\n").encode())
