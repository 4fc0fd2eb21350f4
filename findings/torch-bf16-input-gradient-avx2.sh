#!/bin/sh
# PyTorch 2.15.0: without AVX-512, the gradient of a linear layer's input in bf16 takes nine times as long as its output.
#
# Without instructions for bf16, PyTorch does not hand a product in bf16 to oneDNN, and takes loops of its own. One expects
# them to cost some multiple of float32, alike in forward and backward, which do the same work. x W^T, the output, takes
# about four times as long as in float32; but g W, the gradient of the input, where neither operand is transposed, takes 36
# times. Whoever fine-tunes a model "in bf16 to save memory" on such
# a processor, where even a frozen base passes gradients on to its input, waits for these products: a LoRA step of a 0.5B
# model that takes 16 s in float32 did not end in five minutes.
#
# Seen with PyTorch 2.15.0 on one thread, held to AVX2 by ONEDNN_MAX_CPU_ISA and ATEN_CPU_CAPABILITY, a layer of 896 inputs and
# 4,864 outputs, 512 rows, in ms of processor time: output 44 in float32 and 162 in bf16, gradient of the input 40 and 1,461.
# On a busier machine a trial gave 76 and 348, 87 and 3,488. This script fails if
# the gradient takes less than three times the output in bf16, or more than twice in float32. It installs about 6 GB into a
# temporary folder; options such as --index-url go on to pip.
set -eu
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "$@" torch==2.15.0
ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 "$folder/venv/bin/python" - <<'PYTHON'
import time

import torch

torch.set_num_threads(1)
torch.manual_seed(0)
ROWS, INPUTS, OUTPUTS = 512, 896, 4864


def milliseconds(product):
    product()
    taken = []
    for _ in range(3):
        # Of this thread alone: other programs on the machine hardly change it.
        start = time.thread_time()
        product()
        taken.append(time.thread_time() - start)
    return 1000 * min(taken)


ratios = {}
for dtype in (torch.float32, torch.bfloat16):
    x = torch.randn(ROWS, INPUTS).to(dtype)
    weight = torch.randn(OUTPUTS, INPUTS).to(dtype)
    gradient = torch.randn(ROWS, OUTPUTS).to(dtype)
    forward = milliseconds(lambda: x @ weight.T)
    backward = milliseconds(lambda: gradient @ weight)
    ratios[dtype] = backward / forward
    print(f"{dtype}: output {forward:.0f} ms, gradient of the input {backward:.0f} ms, {ratios[dtype]:.1f} times as long")

assert ratios[torch.bfloat16] > 3, "bf16 is no longer slow there"
assert ratios[torch.float32] < 2, "float32 is slow there too"
PYTHON
