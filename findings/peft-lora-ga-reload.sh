#!/bin/sh
# PEFT 0.21.2: an adapter that LoRA-GA initialised is another model after it is saved and loaded, without a warning.
#
# `init_lora_weights="lora_ga"` subtracts the first B A from the base model's weights, so that the model starts as it was.
# The adapter's folder holds A and B alone. When it is loaded, the gradients that LoRA-GA needs are not there, and PEFT
# leaves the base as it is: base + B A, where training had base - first B A + B A. PiSSA and OLoRA are subtracted again at
# loading, and CorDA refuses to load. save_pretrained(..., path_initial_model_for_weight_conversion=...) avoids this.
#
# Seen with PEFT 0.21.2, transformers 5.24.0 and PyTorch 2.15.0: before its first step the adapted model gives the base
# model's logits (to 1e-6); saved and loaded, it is off by 0.07. This script fails if that changes. It installs about 6 GB
# into a temporary folder; options such as --index-url go on to pip.
set -eu
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "$@" torch==2.15.0
"$folder/venv/bin/pip" install --quiet transformers==5.24.0 peft==0.21.2
HF_HUB_OFFLINE=1 "$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys
import warnings

import torch
from peft import AutoPeftModelForCausalLM, LoraConfig, LoraGAConfig, get_peft_model
from peft.tuners.lora.loraga import preprocess_loraga
from peft.utils.warning import PeftWarning
from transformers import AutoModelForCausalLM, Qwen2Config

folder = sys.argv[1]
torch.manual_seed(0)
shape = Qwen2Config(
    vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2
)
AutoModelForCausalLM.from_config(shape).float().save_pretrained(f"{folder}/base")
base = AutoModelForCausalLM.from_pretrained(f"{folder}/base", dtype=torch.float32)
tokens = torch.arange(1, 20)[None]


def logits(model):
    with torch.no_grad():
        return model.eval()(input_ids=tokens).logits


expected = logits(base)
config = LoraConfig(
    r=4,
    target_modules=["q_proj", "v_proj"],
    init_lora_weights="lora_ga",
    lora_ga_config=LoraGAConfig(),
    task_type="CAUSAL_LM",
)
preprocess_loraga(base, config, lambda: base(input_ids=tokens, labels=tokens).loss.backward())
model = get_peft_model(base, config)
before = (logits(model) - expected).abs().max().item()
model.save_pretrained(f"{folder}/adapter")
with warnings.catch_warnings(record=True) as heard:
    warnings.simplefilter("always")
    again = AutoPeftModelForCausalLM.from_pretrained(f"{folder}/adapter", dtype=torch.float32)
told = [each for each in heard if issubclass(each.category, PeftWarning)]
after = (logits(again) - expected).abs().max().item()
print(f"before saving: off by {before:.1e}; after loading: off by {after:.2f}; warnings of PEFT: {len(told)}")
sys.exit(0 if before < 1e-6 and after > 0.01 and not told else 1)
PYTHON
