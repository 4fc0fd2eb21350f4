#!/bin/sh
# TRL 1.16.0: DPOTrainer without a ref_model takes its reference from the disk, and not from the model that it is given.
#
# The documentation of ref_model says: if None, the initial policy, "the model state before DPO training starts". With a model
# as an object and without PEFT, the trainer loads the folder that the object once came from. What was changed in memory since
# (a merged adapter, an earlier training, other embeddings) is in the policy and not in the reference. One expects a loss of
# ln 2 and rewards of 0 at the first step. precompute_ref_log_probs=True takes the object in memory, and gives that: an
# option that is to save memory changes the loss. No warning tells of either. Saving the changed model and loading it again,
# or passing a copy as ref_model, avoids this.
#
# Seen with TRL 1.16.0, transformers 5.24.0 and PyTorch 2.15.0, on a model whose weights were changed in memory: first loss
# 0.6707 and rewards other than 0 by default; 0.6931 and rewards of 0 with precompute_ref_log_probs. This script fails if that
# changes. It installs about 6 GB into a temporary folder; options such as --index-url go on to pip.
set -eu
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "$@" \
    torch==2.15.0 transformers==5.24.0 trl==1.16.0 datasets==5.2.0 accelerate==1.15.0
HF_HUB_OFFLINE=1 HF_HOME="$folder/cache" "$folder/venv/bin/python" - "$folder" <<'PYTHON'
import math
import sys

import datasets
import torch
import trl
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, Qwen2Config
from trl import DPOConfig, DPOTrainer

datasets.disable_progress_bars()
folder = sys.argv[1]
letters = sorted(pre_tokenizers.ByteLevel.alphabet())
own = Tokenizer(models.BPE(vocab={token: id for id, token in enumerate([*letters, "<eos>"])}, merges=[]))
own.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer = PreTrainedTokenizerFast(tokenizer_object=own, eos_token="<eos>", pad_token="<eos>")
shape = Qwen2Config(
    vocab_size=257, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2
)
torch.manual_seed(0)
AutoModelForCausalLM.from_config(shape).float().save_pretrained(f"{folder}/base")
pairs = Dataset.from_list([{"prompt": "2 + 2 = ", "chosen": "4", "rejected": "5"}] * 2)
first = {}
for precompute in (False, True):
    model = AutoModelForCausalLM.from_pretrained(f"{folder}/base", dtype=torch.float32)
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    args = DPOConfig(
        output_dir=f"{folder}/out",
        max_steps=1,
        per_device_train_batch_size=2,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        bf16=False,
        precompute_ref_log_probs=precompute,
    )
    trainer = DPOTrainer(model=model, args=args, train_dataset=pairs, processing_class=tokenizer)
    trainer.train()
    first[precompute] = trainer.state.log_history[0]
print("TRL", trl.__version__)
for precompute, log in first.items():
    rewards = log["rewards/chosen"], log["rewards/rejected"]
    print(f"precompute_ref_log_probs={precompute}: first loss {log['loss']:.4f}, rewards {rewards[0]:.4f} {rewards[1]:.4f}")
assert abs(first[False]["loss"] - math.log(2)) > 1e-3 and first[False]["rewards/chosen"] != 0
assert abs(first[True]["loss"] - math.log(2)) < 1e-6 and abs(first[True]["rewards/chosen"]) < 1e-6
PYTHON
