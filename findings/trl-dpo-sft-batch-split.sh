#!/bin/sh
# TRL 1.16.0: DPOTrainer's loss `sft` (the NLL of RPO) depends on how a batch is split.
#
# `sft` is the mean over the chosen tokens of one forward pass, and these means are averaged over accumulated passes and over
# processes. So the same two pairs with the same weights give another loss and another gradient with
# per_device_train_batch_size=2 than with 1 and gradient_accumulation_steps=2: a token of a short answer then weighs more. The
# same holds for the number of processes. `sigmoid` is a mean over pairs and does not change. SFTTrainer counts the tokens of
# the whole batch (num_items_in_batch); DPOTrainer does not, and nothing tells of it.
#
# Seen with TRL 1.16.0, transformers 5.24.0 and PyTorch 2.15.0, on chosen answers of 2 and 37 tokens: sigmoid 0.6931 both times;
# sft 8.1836 (gradient norm 19.50) in one pass and 9.9493 (16.79) in two. This script fails if that changes. It installs about
# 6 GB into a temporary folder; options such as --index-url go on to pip.
set -eu
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "$@" \
    torch==2.15.0 transformers==5.24.0 trl==1.16.0 datasets==5.2.0 accelerate==1.15.0
HF_HUB_OFFLINE=1 HF_HOME="$folder/cache" "$folder/venv/bin/python" - "$folder" <<'PYTHON'
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
    vocab_size=257, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    initializer_range=0.5,
)
torch.manual_seed(0)
AutoModelForCausalLM.from_config(shape).float().save_pretrained(f"{folder}/base")
pairs = Dataset.from_list(
    [
        {"prompt": "2 + 2 = ", "chosen": "4", "rejected": "5"},
        {"prompt": "2 + 2 = ", "chosen": "It is four, as two and two are four.", "rejected": "It is five."},
    ]
)
losses = {}
for kind in ("sigmoid", "sft"):
    for size, accumulated in ((2, 1), (1, 2)):
        args = DPOConfig(
            output_dir=f"{folder}/out", max_steps=1, loss_type=[kind], per_device_train_batch_size=size,
            gradient_accumulation_steps=accumulated, logging_steps=1, save_strategy="no", report_to="none",
            disable_tqdm=True, use_cpu=True, bf16=False,
        )
        trainer = DPOTrainer(model=f"{folder}/base", args=args, train_dataset=pairs, processing_class=tokenizer)
        trainer.train()
        log = trainer.state.log_history[0]
        losses[kind, size] = log["loss"], log["grad_norm"]
        print(f"{kind}: {size} pairs a pass, {accumulated} passes: loss {log['loss']:.4f}, gradient norm {log['grad_norm']:.2f}")
print("TRL", trl.__version__)
same = [abs(a - b) for a, b in zip(losses["sigmoid", 2], losses["sigmoid", 1])]
other = [abs(a - b) for a, b in zip(losses["sft", 2], losses["sft", 1])]
assert max(same) < 1e-3 and min(other) > 0.1
PYTHON
