#!/bin/sh
# PEFT 0.21.2: `layers_to_transform` never says that it names a layer which is not there. A number beyond the model's last
# layer is passed over beside numbers that exist, and an empty list stands for every layer, as null does.
#
# Both happen where somebody computes the list: the upper half of a model of 28 layers, used with one of 24; a range that came
# out empty. Training then goes on, with fewer or with all layers. Only a list in which no number exists is refused. The
# config that is saved keeps the list as it was written, so that adapter_config.json names layers of which the file has no
# weights. And loading goes by the list alone: weights of further layers in adapter_model.safetensors are left out without a
# warning.
#
# Seen with PEFT 0.21.2, transformers 5.24.0 and PyTorch 2.15.0: of four layers, [2, 9] trains one, [] trains four, [9] is
# refused; a file with all four layers under the list [3] loads as one layer, and says nothing. This script fails if that
# changes. It installs about 6 GB into a temporary folder; options such as --index-url go on to pip.
set -eu
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "$@" torch==2.15.0
"$folder/venv/bin/pip" install --quiet "$@" transformers==5.24.0 peft==0.21.2
HF_HUB_OFFLINE=1 "$folder/venv/bin/python" - "$folder" <<'PYTHON'
import json
import sys
import warnings

from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, Qwen2Config

folder = sys.argv[1]
SHAPE = Qwen2Config(
    vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2
)


def base():
    return AutoModelForCausalLM.from_config(SHAPE)


def layers_of(model):
    return sorted({name.split(".layers.")[1].split(".")[0] for name, _ in model.named_parameters() if "lora_A" in name})


def adapted(layers):
    config = LoraConfig(r=2, target_modules=["q_proj"], layers_to_transform=layers, task_type="CAUSAL_LM")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        model = get_peft_model(base(), config)
    return model, [str(each.message) for each in heard if "layer" in str(each.message)]


beyond, of_beyond = adapted([2, 9])
empty, of_empty = adapted([])
print("[2, 9] trains layers", layers_of(beyond), "warnings:", of_beyond)
print("[] trains layers", layers_of(empty), "warnings:", of_empty)
try:
    adapted([9])
    refused = False
except ValueError as error:
    refused = True
    print("[9] is refused:", type(error).__name__)

adapted(None)[0].save_pretrained(f"{folder}/adapter")
with open(f"{folder}/adapter/adapter_config.json") as file:
    config = json.load(file)
with open(f"{folder}/adapter/adapter_config.json", "w") as file:
    json.dump({**config, "layers_to_transform": [3]}, file)
with warnings.catch_warnings(record=True) as heard:
    warnings.simplefilter("always")
    loaded = PeftModel.from_pretrained(base(), f"{folder}/adapter")
of_loading = [str(each.message) for each in heard if "key" in str(each.message) or "layer" in str(each.message)]
print("four layers in the file, [3] in the config: loads layers", layers_of(loaded), "warnings:", of_loading)

assert layers_of(beyond) == ["2"] and layers_of(empty) == ["0", "1", "2", "3"] and layers_of(loaded) == ["3"]
assert refused and not (of_beyond or of_empty or of_loading)
print("as described")
PYTHON
