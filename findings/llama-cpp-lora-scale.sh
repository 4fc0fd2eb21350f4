#!/bin/sh
# llama.cpp's convert_lora_to_gguf.py writes the same file for adapters that PEFT computes differently: it knows one scale,
# lora_alpha / r, for all modules.
#
# A LoRA adapter says in adapter_config.json how much its product counts. With use_rslora the factor is lora_alpha / sqrt(r), and
# alpha_pattern gives modules a lora_alpha of their own. One expects that the converter carries both over, or refuses. It
# writes lora_alpha as adapter.lora.alpha, and nothing of the others; llama.cpp then multiplies each module by adapter.lora.alpha
# / r. So an adapter of rank 16 with use_rslora counts a quarter of what it was trained with, without a word. Multiply the B
# matrices by the missing factor before you convert.
#
# Seen with llama-cpp-python 0.3.36's copy of llama.cpp, PEFT 0.21.2, transformers 5.24.0 and PyTorch 2.15.0: three adapters
# with the same matrices, of which PEFT's logits differ, become three equal files. This script fails if that changes. It
# installs about 6 GB into a temporary folder; options such as --index-url go on to pip.
set -eu
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "$@" \
    torch==2.15.0 transformers==5.24.0 peft==0.21.2 accelerate==1.15.0
# The source archive alone holds the converter. Nothing of it is built.
"$folder/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
    --dest "$folder" "$@" llama-cpp-python==0.3.36
tar -xzf "$folder/llama_cpp_python-0.3.36.tar.gz" -C "$folder"
export HF_HUB_OFFLINE=1
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys

import peft
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, Qwen2Config

folder = sys.argv[1]
torch.manual_seed(0)
shape = Qwen2Config(
    vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2
)
AutoModelForCausalLM.from_config(shape).float().save_pretrained(f"{folder}/base")
tokens = torch.arange(1, 20)[None]
print("PEFT", peft.__version__)
kinds = {"plain": {}, "rslora": {"use_rslora": True}, "pattern": {"alpha_pattern": {"v_proj": 32}}}
logits = {}
for kind, more in kinds.items():
    base = AutoModelForCausalLM.from_pretrained(f"{folder}/base", dtype=torch.float32)
    torch.manual_seed(1)
    config = LoraConfig(
        r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], init_lora_weights=False, task_type="CAUSAL_LM", **more
    )
    model = get_peft_model(base, config).eval()
    # The converter names the file after the folder, so all have the same name.
    model.save_pretrained(f"{folder}/{kind}/adapter")
    with torch.no_grad():
        logits[kind] = model(input_ids=tokens).logits
    apart = (logits[kind] - logits["plain"]).abs().max().item()
    print(f"{kind}: logits up to {apart:.3f} from plain's")
    if (apart > 0.05) != (kind != "plain"):
        sys.exit("PEFT has changed")
PYTHON
for kind in plain rslora pattern; do
    "$folder/venv/bin/python" "$folder/llama_cpp_python-0.3.36/vendor/llama.cpp/convert_lora_to_gguf.py" \
        --base "$folder/base" --outtype f32 --outfile "$folder/$kind.gguf" "$folder/$kind/adapter" >"$folder/said" 2>&1 ||
        { cat "$folder/said"; exit 1; }
done
for kind in rslora pattern; do
    cmp "$folder/plain.gguf" "$folder/$kind.gguf" || { echo "the converter tells $kind from plain now"; exit 1; }
done
echo "convert_lora_to_gguf.py writes the same bytes for all three"
