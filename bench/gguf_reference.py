"""Writes main/engine/gguf/blocks.safetensors: random blocks of ggml's types, and what the gguf package makes of them. Some
scales are infinite, NaN, zero or denormal. Needs numpy, safetensors and gguf (0.19.0 wrote the file in the repository):

    python bench/gguf_reference.py main/engine/gguf/blocks.safetensors
"""
import sys

import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize
from safetensors.numpy import save_file

# The places of a block's halves, in bytes.
HALVES = {
    "F16": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
    "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
}
ODD = [0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x7E00]

random = np.random.default_rng(1)
tensors = {}
for name in ["F32", "BF16", *HALVES]:
    numbers, size = GGML_QUANT_SIZES[GGMLQuantizationType[name]]
    count = {1: 256, 32: 32, 256: 12}[numbers]
    blocks = random.integers(0, 256, (count, size), dtype=np.uint8)
    # The last third of the blocks has odd scales, the first ordinary ones.
    for index, block in enumerate(blocks):
        for turn, at in enumerate(HALVES.get(name, [])):
            odd = ODD[(index * (1 + turn) + turn) % len(ODD)]
            half = np.float16(random.normal()).view(np.uint16) if index < 2 * count // 3 else np.uint16(odd)
            block[at : at + 2] = np.frombuffer(half.tobytes(), dtype=np.uint8)
    with np.errstate(all="ignore"):
        tensors[f"{name}.numbers"] = np.ascontiguousarray(
            dequantize(blocks.reshape(1, -1), GGMLQuantizationType[name]).reshape(-1)
        )
    tensors[f"{name}.blocks"] = blocks
save_file(tensors, sys.argv[1])
