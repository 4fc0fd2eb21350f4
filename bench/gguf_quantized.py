"""Writes main/engine/gguf/quantized.safetensors: numbers, and what the gguf package makes of them in the types that this lab
writes. Some are halves between two steps, tiny, zero or large. Needs numpy, safetensors and gguf (0.19.0 wrote the file in
the repository):

    python bench/gguf_quantized.py main/engine/gguf/quantized.safetensors
"""
import sys

import numpy as np
from gguf.constants import GGMLQuantizationType
from gguf.quants import quantize
from safetensors.numpy import save_file

random = np.random.default_rng(1)
rows = [random.normal(0, scale, 32) for scale in [1e-6, 1e-3, 0.02, 1, 30, 500] for _ in range(6)]
# With 127 as the largest, halves lie exactly between two steps.
rows.append(np.concatenate([[127], np.arange(-15, 16) + 0.5]))
rows.append(np.concatenate([[-127], np.arange(-15, 16) * 2 + 0.5]))
rows.append(np.zeros(32))
rows.append(np.full(32, 1e-35))
rows.append(np.concatenate([[1e-4], np.full(31, -1e-12)]))
numbers = np.array(rows, dtype=np.float32)
tensors = {"numbers": numbers.reshape(-1)}
for name in ["F16", "BF16", "Q8_0"]:
    tensors[name] = quantize(numbers, GGMLQuantizationType[name]).view(np.uint8).reshape(-1)
save_file(tensors, sys.argv[1])
