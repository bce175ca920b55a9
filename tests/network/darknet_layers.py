"""Runs Debian's libdarknet on one network and saves every layer's output.

A program of its own, for the library prints, exits at an error and keeps what it allocates.  The
layout of Darknet's structures is read from the header that the package ships.

    python darknet_layers.py NETWORK.cfg NETWORK.weights PIXELS.npy OUTPUTS.npz
"""

from __future__ import annotations

import ctypes
import re
import sys
from pathlib import Path

import numpy as np

FOLDER = Path("/usr/lib/darknet")
TYPES = {
    "int": ctypes.c_int,
    "float": ctypes.c_float,
    "size_t": ctypes.c_size_t,
    "LAYER_TYPE": ctypes.c_int,
    "ACTIVATION": ctypes.c_int,
    "COST_TYPE": ctypes.c_int,
    "learning_rate_policy": ctypes.c_int,
}
COST = 9


def structure(name: str, header: str) -> type[ctypes.Structure]:
    """Return a structure of the header, its pointers untyped; the library has no GPU parts."""
    match = re.search(rf"struct {name}\s*{{(.*?)^}}", header, re.MULTILINE | re.DOTALL)
    assert match is not None
    body = re.sub(r"#ifdef GPU.*?^#endif", "", match.group(1), flags=re.MULTILINE | re.DOTALL)
    fields: list[tuple[str, type]] = []
    for declaration in body.split(";"):
        text = declaration.strip()
        if not text:
            continue
        if "(" in text:
            fields.append((re.findall(r"\(\*(\w+)\)", text)[0], ctypes.c_void_p))
            continue
        kind, names = text.removeprefix("struct ").split(None, 1)
        for part in names.split(","):
            field = part.strip().lstrip("* ")
            pointer = "*" in part or kind.endswith("*")
            fields.append((field, ctypes.c_void_p if pointer else TYPES[kind]))
    return type(name, (ctypes.Structure,), {"_fields_": fields})


def main(cfg: str, weights: str, pixels: str, outputs: str) -> None:
    """Run the network once and save ``layer N``'s output as array N; [cost] is left out."""
    # The header closes #ifdef CUDNN within #ifdef GPU; without it the blocks are plain.
    header = (FOLDER / "include" / "darknet.h").read_text()
    header = re.sub(r"#ifdef CUDNN.*?#endif\n", "", header, flags=re.DOTALL)
    layer_type = structure("layer", header)
    network_type = structure("network", header)
    library = ctypes.CDLL(str(FOLDER / "libdarknet.so"))
    library.load_network.restype = ctypes.c_void_p
    library.load_network.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
    library.set_batch_network.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.network_predict.restype = ctypes.POINTER(ctypes.c_float)
    library.network_predict.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    address = library.load_network(cfg.encode(), weights.encode(), 0)
    library.set_batch_network(address, 1)
    image = np.ascontiguousarray(np.load(pixels), dtype=np.float32)
    network = network_type.from_address(address)
    assert network.inputs == image.size, (network.inputs, image.size)
    library.network_predict(address, image.ctypes.data)
    found = {}
    for number in range(network.n):
        layer = layer_type.from_address(network.layers + number * ctypes.sizeof(layer_type))
        if layer.type == COST:
            continue
        values = (ctypes.c_float * layer.outputs).from_address(layer.output)
        found[str(number)] = np.array(values, dtype=np.float32)
    np.savez(outputs, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
