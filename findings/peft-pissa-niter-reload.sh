#!/bin/sh
# PEFT 0.21.2: an adapter that "pissa_niter_4" initialised is another model at each loading, without a warning.
#
# PiSSA starts from a decomposition of the base's weights, and subtracts the first B A from them. The adapter's folder holds
# A and B alone; at loading PEFT decomposes the base again and subtracts again. One expects the model that was saved, and
# "pissa" gives it. "pissa_niter_N", the fast kind, decomposes with random numbers: each loading subtracts another matrix.
# So the same folder gives other logits each time. Scores of such an adapter do not repeat, and a merge keeps one of the
# draws. save_pretrained(..., path_initial_model_for_weight_conversion=...), which writes a plain LoRA, avoids this.
#
# Seen with PEFT 0.21.2, transformers 5.24.0 and PyTorch 2.15.0, on two layers: saved and loaded, "pissa" gives the
# same logits to 1e-6; "pissa_niter_4" is off by 0.09, and two loadings by 0.07 from each other. This script fails if that
# changes. It installs about 6 GB into a temporary folder; options such as --index-url go on to pip.
set -eu
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "$@" \
    torch==2.15.0 transformers==5.24.0 peft==0.21.2 accelerate==1.15.0
HF_HUB_OFFLINE=1 "$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys
import warnings

import peft
import torch
from peft import AutoPeftModelForCausalLM, LoraConfig, get_peft_model
from peft.utils.warning import PeftWarning
from transformers import AutoModelForCausalLM, Qwen2Config

folder = sys.argv[1]
torch.manual_seed(0)
shape = Qwen2Config(
    vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2
)
AutoModelForCausalLM.from_config(shape).float().save_pretrained(f"{folder}/base")
tokens = torch.arange(1, 20)[None]


def logits(model):
    with torch.no_grad():
        return model.eval()(input_ids=tokens).logits


def apart(one, other):
    return (one - other).abs().max().item()


print("PEFT", peft.__version__)
same = True
for kind in ("pissa", "pissa_niter_4"):
    base = AutoModelForCausalLM.from_pretrained(f"{folder}/base", dtype=torch.float32)
    config = LoraConfig(
        r=4, target_modules=["q_proj", "v_proj", "down_proj"], init_lora_weights=kind, task_type="CAUSAL_LM"
    )
    model = get_peft_model(base, config)
    saved = logits(model)
    model.save_pretrained(f"{folder}/{kind}")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        first, second = (
            logits(AutoPeftModelForCausalLM.from_pretrained(f"{folder}/{kind}", dtype=torch.float32)) for _ in range(2)
        )
    # The FutureWarning is transformers' and is about gradient checkpointing.
    told = [each for each in heard if issubclass(each.category, (PeftWarning, UserWarning))]
    off, between = apart(first, saved), apart(first, second)
    print(f"{kind}: loaded off by {off:.1e}, two loadings by {between:.1e}, warnings: {len(told)}")
    repeats = off < 1e-5 and between < 1e-5
    differs = off > 0.01 and between > 0.01
    same = same and not told and (differs if kind == "pissa_niter_4" else repeats)
sys.exit(0 if same else "Changed: other distances than were seen.")
PYTHON
