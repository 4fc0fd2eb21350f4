"""Writes main/engine/native/nf4-bitsandbytes.safetensors: a matrix, and bitsandbytes' NF4 version of it with double
quantisation. Needs torch, safetensors and bitsandbytes (0.50.2 wrote the file in the repository):

    python bench/nf4_reference.py main/engine/native/nf4-bitsandbytes.safetensors
"""
import sys

import bitsandbytes.functional as bnb
import torch
from safetensors.torch import save_file

torch.manual_seed(1)
# More than 256 blocks of 64, so that the magnitudes need two blocks; rows have very different sizes.
weight = (torch.randn(300, 64) * torch.logspace(-3, 0, 300)[:, None]).to(torch.bfloat16)
weight[7] = 0
codes, state = bnb.quantize_4bit(weight.float(), blocksize=64, compress_statistics=True, quant_type="nf4")
save_file({"weight": weight, "dequantized": bnb.dequantize_4bit(codes, state).float()}, sys.argv[1])
