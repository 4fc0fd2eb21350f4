"""Compares every tensor that the lab reads from a GGUF file with what the gguf package makes of it, to the bit. Rows of q and
k of architecture llama are put in the order of a checkpoint as transformers does it. Needs gguf (0.19.0):

    node bench/gguf-tensors.ts FILE | python bench/gguf_tensors.py FILE
"""
import hashlib
import re
import sys

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize

ours = dict(line.split() for line in sys.stdin)
reader = GGUFReader(sys.argv[1])
architecture = reader.fields["general.architecture"].contents()
heads = {
    key: reader.fields[f"{architecture}.attention.{field}"].contents()
    for key, field in [("q", "head_count"), ("k", "head_count_kv")]
}
tensors = [tensor for tensor in reader.tensors if tensor.name != "rope_freqs.weight"]
different = []
for tensor in tensors:
    weights = dequantize(tensor.data, tensor.tensor_type)
    matrix = re.search(r"attn_([qk])\.weight", tensor.name)
    if architecture == "llama" and matrix:
        rows, columns = weights.shape
        count = heads[matrix[1]]
        weights = weights.reshape(count, rows // count // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)
    if hashlib.sha256(np.ascontiguousarray(weights).tobytes()).hexdigest() != ours.get(tensor.name):
        different.append(tensor.name)
print(f"{len(tensors)} tensors, {len(different)} differ", *different[:5])
sys.exit(len(different) > 0 or len(tensors) != len(ours))
