"""Computes a model with transformers and PEFT, for bench/parity.ts. Reads base/, adapter/, merged/ and spec.json of a
folder; writes results.safetensors and an adapter made by PEFT, theirs/. All in float32, with eager attention.
"""
import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

folder = Path(sys.argv[1])
spec = json.loads((folder / "spec.json").read_text())
torch.manual_seed(1)
tokens = torch.tensor([spec["tokens"]])
slopes = torch.tensor(spec["slopes"])
places = spec["places"]
results = {}


def load(name="base"):
    return AutoModelForCausalLM.from_pretrained(folder / name, dtype=torch.float32, attn_implementation="eager")


def record(name, model):
    """Log-probabilities of the tokens and of the whole vocabulary at some places, and gradients of a linear loss."""
    model.eval()
    logprobs = model(input_ids=tokens).logits[0].log_softmax(-1)
    chosen = logprobs[:-1].gather(1, tokens[0, 1:, None])[:, 0]
    (slopes * chosen).sum().backward()
    results[f"{name}/logprobs"] = chosen.detach()
    results[f"{name}/vocabulary"] = logprobs[places].detach()
    for key, parameter in model.named_parameters():
        if parameter.grad is not None:
            results[f"{name}/gradient/{key.replace('.default.', '.')}"] = parameter.grad


# Whoever loads the merged model must not stumble over the key that names its prompt.
if AutoConfig.from_pretrained(folder / "merged").dpo_driver_prompt != spec["prompt"]:
    raise SystemExit("config.json of the merged model does not name its prompt")
if len(AutoTokenizer.from_pretrained(folder / "merged").encode("click", add_special_tokens=False)) != 1:
    raise SystemExit("the merged model's tokenizer does not join letters")

record("base", load())
record("merged", load("merged"))
record("ours", PeftModel.from_pretrained(load(), folder / "adapter", is_trainable=True))

lora = LoraConfig(r=4, lora_alpha=6, target_modules=["q_proj", "v_proj", "up_proj", "down_proj"], task_type="CAUSAL_LM")
theirs = get_peft_model(load(), lora)
with torch.no_grad():
    for key, parameter in theirs.named_parameters():
        if "lora_B" in key:
            parameter.normal_(std=0.1)
theirs.save_pretrained(folder / "theirs")
record("theirs", theirs)
save_file({key: value.contiguous() for key, value in results.items()}, folder / "results.safetensors")
