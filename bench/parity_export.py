"""Trains an export of the lab as a process of torchrun does, and keeps the first gradients, for bench/parity-export.ts:
`torchrun ... parity_export.py EXPORT GRADIENTS [OPTIONS OF train.py]`.
"""
import sys

from safetensors.torch import save_file
from transformers import TrainerCallback

export, gradients, *options = sys.argv[1:]
sys.path.insert(0, export)
import train


class FirstGradients(TrainerCallback):
    """The gradients of the first step. TRL gives them as they are after the mean over processes."""

    def on_pre_optimizer_step(self, args, state, control, model=None, **_):
        if state.global_step > 0 or args.process_index > 0:
            return
        named = {name.split("module.")[-1]: one.grad for name, one in model.named_parameters() if one.grad is not None}
        save_file({name.replace(".default.", "."): grad.contiguous() for name, grad in named.items()}, gradients)


train.main(options, [FirstGradients()])
