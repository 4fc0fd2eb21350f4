#!/bin/sh
# transformers 5.24.0: under torchrun on a machine without a GPU, each process trains a model of its own.
#
# Trainer and what is built on it (TRL) take the processes of torchrun together where there are GPUs. Without any, and without
# use_cpu=True, TrainingArguments say world_size 1 in every process: each trains on all data, with its own weights, and writes to
# the same folder. It ends with 0. The only sign is a warning that says to launch the script with torch.distributed.launch, which
# torchrun is. With use_cpu=True the same command trains together, with gloo.
#
# Seen with transformers 5.24.0, accelerate 1.15.0 and PyTorch 2.15.0 on two processes: two steps on 8 rows, one a step: without
# use_cpu both processes see the rows [0, 1], and world_size is 1; with it one sees [0, 2] and the other [1, 3], and it is 2.
# This script fails if that changes. It installs about 6 GB into a temporary folder; options such as --index-url go on to pip.
set -eu
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "$@" torch==2.15.0 transformers==5.24.0 accelerate==1.15.0
cat > "$folder/train.py" <<'PYTHON'
import sys

import torch
from transformers import Trainer, TrainingArguments

rows = [{"x": torch.tensor([float(row)])} for row in range(8)]


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen = []

    def forward(self, x):
        self.seen += x[:, 0].int().tolist()
        return {"loss": ((self.weight - x) ** 2).mean()}


class InOrder(Trainer):
    def _get_train_sampler(self, dataset=None):
        return torch.utils.data.SequentialSampler(rows)


own = {"use_cpu": True} if sys.argv[2] == "use_cpu" else {}
args = TrainingArguments(
    output_dir=sys.argv[1], max_steps=2, per_device_train_batch_size=1, save_strategy="no", report_to="none",
    disable_tqdm=True, remove_unused_columns=False, **own,
)
model = Model()
InOrder(model=model, args=args, train_dataset=rows).train()
print(f"world_size {args.world_size}, rows {model.seen}", flush=True)
PYTHON
cd "$folder"
for device in default use_cpu; do
    echo "$device:"
    CUDA_VISIBLE_DEVICES='' OMP_NUM_THREADS=1 venv/bin/torchrun --standalone --nproc_per_node 2 train.py out "$device" 2>/dev/null |
        grep -o 'world_size [0-9]*, rows \[[0-9, ]*\]' | sort | tee "$device.txt"
done
[ "$(grep -c 'world_size 1, rows \[0, 1\]' default.txt)" = 2 ]
[ "$(cat use_cpu.txt)" = "world_size 2, rows [0, 2]
world_size 2, rows [1, 3]" ]
