"""Adapters in the spellings of PEFT, for bench/parity-adapters.ts. Reads base/ and spec.json of a folder.

`make` writes an adapter for each spelling to theirs/NAME, `reload` reads ours/NAME and merged/NAME. Both write the
log-probabilities and gradients of what AutoPeftModelForCausalLM and AutoModelForCausalLM load, and reload prints the
warnings of PEFT as a JSON list.
"""
import json
import sys
import warnings
from pathlib import Path

import torch
from peft import AutoPeftModelForCausalLM, LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

mode, folder = sys.argv[1], Path(sys.argv[2])
spec = json.loads((folder / "spec.json").read_text())
tokens = torch.tensor([spec["tokens"]])
slopes = torch.tensor(spec["slopes"])
options = {"dtype": torch.float32, "attn_implementation": "eager"}
FOUR = ["q_proj", "v_proj", "up_proj", "down_proj"]
SPELLINGS = {
    "list of names": {"target_modules": FOUR},
    "use_rslora": {"target_modules": FOUR, "use_rslora": True},
    "rank_pattern, alpha_pattern": {
        "target_modules": FOUR,
        "rank_pattern": {"layers.0.self_attn.[qv]_proj": 2, "v_proj": 7, "^model.layers.2.mlp.up_proj": 1},
        "alpha_pattern": {"layers.1.*": 3, "down_proj|q_proj": 9, "model": 100},
    },
    "use_rslora with patterns": {
        "target_modules": FOUR,
        "use_rslora": True,
        "rank_pattern": {"up_proj": 6},
        "alpha_pattern": {"layers.[12].mlp.up_proj": 5},
    },
    "regular expression": {"target_modules": r"^(model(?=\.).*\.(q_proj|k_proj|o_proj|gate_proj))$"},
    "full paths": {"target_modules": ["model.layers.1.self_attn.q_proj", "model.layers.2.mlp.down_proj"]},
    "self_attn.q_proj": {"target_modules": ["self_attn.q_proj", "mlp.gate_proj"]},
    "all-linear": {"target_modules": "all-linear"},
    "layers_to_transform": {"target_modules": FOUR, "layers_to_transform": [1, 2], "layers_pattern": "layers"},
    "the last layer": {"target_modules": FOUR, "layers_to_transform": 2},
    "exclude_modules": {"target_modules": FOUR, "exclude_modules": r".*\.layers\.1\..*"},
    "none": {},
    "bfloat16": {"target_modules": FOUR},
    "saved embedding": {"target_modules": FOUR},
    "gaussian": {"target_modules": FOUR, "init_lora_weights": "gaussian"},
    "orthogonal": {"target_modules": FOUR, "init_lora_weights": "orthogonal"},
}
results = {}


def record(name, model):
    """Log-probabilities of the tokens, and the gradients of a linear loss."""
    model.eval()
    logprobs = model(input_ids=tokens).logits[0].log_softmax(-1)
    chosen = logprobs[:-1].gather(1, tokens[0, 1:, None])[:, 0]
    results[f"{name}/logprobs"] = chosen.detach()
    trained = {key: each for key, each in model.named_parameters() if "lora_" in key and each.requires_grad}
    if trained:
        (slopes * chosen).sum().backward()
    for key, parameter in trained.items():
        results[f"{name}/gradient/{key.replace('.default.', '.')}"] = parameter.grad


def make():
    for name, settings in SPELLINGS.items():
        torch.manual_seed(1)
        base = AutoModelForCausalLM.from_pretrained(folder / "base", **options)
        model = get_peft_model(base, LoraConfig(r=4, lora_alpha=6, task_type="CAUSAL_LM", **settings))
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                if "lora_B" in key:
                    parameter.normal_(std=0.1)
                if "lora_" in key and name == "bfloat16":
                    parameter.data = parameter.data.bfloat16()
        saved = True if name == "saved embedding" else "auto"
        model.save_pretrained(folder / "theirs" / name, save_embedding_layers=saved)
        record(name, AutoPeftModelForCausalLM.from_pretrained(folder / "theirs" / name, is_trainable=True, **options))


def reload():
    told = []
    for place in sorted((folder / "ours").iterdir()):
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            model = AutoPeftModelForCausalLM.from_pretrained(place, is_trainable=True, **options)
        told += [f"{place.name}: {each.message}" for each in heard if "adapter" in str(each.message)]
        record(f"ours/{place.name}", model)
        record(f"merged/{place.name}", AutoModelForCausalLM.from_pretrained(folder / "merged" / place.name, **options))
    print(json.dumps(told))


{"make": make, "reload": reload}[mode]()
save_file({key: value.float().contiguous() for key, value in results.items()}, folder / f"{mode}.safetensors")
