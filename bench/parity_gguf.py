"""The gguf package on a file that this lab wrote: reads it, and quantises the same weights in float32 itself.

    python bench/parity_gguf.py FILE FLOAT32_FILE

Prints {"tensors": number of tensors, "differing": those of other bytes, "keys": number of keys} as JSON.
"""
import json
import sys

from gguf import GGUFReader
from gguf.quants import quantize

file, exact = (GGUFReader(path) for path in sys.argv[1:])
weights = {tensor.name: tensor for tensor in exact.tensors}
differing = 0
for tensor in file.tensors:
    expected = quantize(weights[tensor.name].data, tensor.tensor_type)
    differing += tensor.data.tobytes() != expected.tobytes()
found = {"tensors": len(file.tensors), "differing": differing, "keys": len(file.fields)}
print(json.dumps(found))
