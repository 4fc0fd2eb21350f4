"""Preference training as DPO-Driver Lab does it, with TRL and PEFT, on any number of processes:

    torchrun --nproc_per_node 4 train.py [--OPTION VALUE ...]
    accelerate launch --num_processes 4 train.py [--OPTION VALUE ...]

settings.yaml has the options, those of TRL's DPOConfig and ModelConfig. The command line has precedence. A step's loss is

    the mean of the preference loss over its pairs, plus alpha times each chosen answer's NLL per token (RPO)
    + imitation * the NLL per token of steps of own successes + replay * the NLL per token of golden samples

over the batches that data/order.jsonl names. All means are over the whole batch of the step, so the number of processes, and
--per_device_train_batch_size (pairs that one process takes at a time), change nothing but rounding. The reference is the
adapter as it is in adapter/, never the base model alone.
"""
import importlib.metadata
import json
import math
import os
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from datasets import Dataset
from peft import PeftModel
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer, ModelConfig, TrlParser, get_quantization_config
from trl.trainer.utils import use_adapter

HERE = Path(__file__).resolve().parent
LIBRARIES = ["trl", "peft", "transformers", "accelerate", "torch"]
# c and r are the log-ratios of chosen and rejected, |c| and |r| the tokens of the answers; as in TRL.
LOSSES = {
    "sigmoid": lambda c, r, chosen, rejected, beta, e: -F.logsigmoid(beta * (c - r)),
    "hinge": lambda c, r, chosen, rejected, beta, e: torch.relu(1 - beta * (c - r)),
    "ipo": lambda c, r, chosen, rejected, beta, e: (c / chosen - r / rejected - 1 / (2 * beta)) ** 2,
    "robust": lambda c, r, chosen, rejected, beta, e: (
        (-(1 - e) * F.logsigmoid(beta * (c - r)) + e * F.logsigmoid(-beta * (c - r))) / (1 - 2 * e)
    ),
    "sigmoid_norm": lambda c, r, chosen, rejected, beta, e: -F.logsigmoid(beta * (c / chosen - r / rejected)),
}


def lines(name):
    with open(HERE / "data" / f"{name}.jsonl") as file:
        return [json.loads(line) for line in file]


class LabTrainer(DPOTrainer):
    """TRL's trainer (its copy of the adapter as reference, its head, its log), with the lab's batches, loss and warm-up."""

    def __init__(self, model, args, tokenizer, lab):
        self.lab = lab
        self.pairs, self.successes, self.golden = lines("pairs"), lines("successes"), lines("golden")
        weights = dict(zip(args.loss_type, args.loss_weights or [1.0] * len(args.loss_type)))
        self.alpha = weights.pop("sft", 0.0)
        [(loss, self.weight)] = weights.items()
        self.loss = LOSSES[loss]
        steps = Dataset.from_list([{"step": step} for step in range(args.max_steps)])
        super().__init__(model=model, args=args, train_dataset=steps, processing_class=tokenizer)
        self.reference = self.reference_logps()

    def _prepare_dataset(self, dataset, *_):
        return dataset  # the lab has made tokens of the texts, and cut what was too long

    def sides(self, pairs):
        """The prompts with chosen, then those with rejected."""
        return [(pair["prompt_ids"], pair[side]) for side in ("chosen_ids", "rejected_ids") for pair in pairs]

    def batch(self, rows):
        """Sequences as one batch. Targets are the tokens of the answers."""
        longest = max(len(prompt) + len(answer) for prompt, answer in rows)
        fill = lambda ids, value: ids + [value] * (longest - len(ids))
        return {
            "input_ids": torch.tensor([fill(prompt + answer, 0) for prompt, answer in rows]),
            "attention_mask": torch.tensor([fill([1] * len(prompt + answer), 0) for prompt, answer in rows]),
            "targets": torch.tensor([fill([-100] * len(prompt) + answer, -100) for prompt, answer in rows]),
        }

    def logps(self, model, inputs):
        """The log-probability of each answer: the sum over its tokens."""
        of = {key: inputs[key] for key in ("input_ids", "attention_mask")}
        outputs = model(**of, labels=inputs["targets"], use_cache=False, fused_lm_head=True)
        return outputs.log_probs.float().sum(1)

    def reference_logps(self):
        """[pairs, 2]: chosen and rejected under the adapter that training starts from. Each process computes its share."""
        found = torch.zeros(len(self.pairs), 2, device=self.accelerator.device)
        own = range(self.accelerator.process_index, len(self.pairs), self.accelerator.num_processes)
        size = self.args.per_device_train_batch_size
        self.model.to(self.accelerator.device).eval()
        with torch.no_grad(), use_adapter(self.model, "ref"), self.accelerator.autocast():
            for part in (own[at : at + size] for at in range(0, len(own), size)):
                inputs = self.batch(self.sides([self.pairs[index] for index in part]))
                inputs = {key: value.to(found.device) for key, value in inputs.items()}
                found[list(part)] = self.logps(self.model, inputs).view(2, -1).T
        return self.accelerator.reduce(found, "sum").cpu()

    def shares(self, step, count):
        """A step's batch in `count` shares. Each names its pairs, and its sequences with the weight of their NLL."""
        parts = [("successes", self.successes, self.lab["imitation"]), ("golden", self.golden, self.lab["replay"])]
        sequences = []
        for name, data, scale in parts:
            batch = [data[index] for index in step[name]]
            tokens = sum(len(one["completion_ids"]) for one in batch)
            sequences += [(one["prompt_ids"], one["completion_ids"], scale / tokens) for one in batch]
        # A process has to run the model even where there is nothing left for it.
        empty = {"pairs": step["pairs"][:1], "sequences": [], "of": math.inf}
        of = len(step["pairs"])
        shares = [{"pairs": step["pairs"][k::count], "sequences": sequences[k::count], "of": of} for k in range(count)]
        return [share if share["pairs"] or share["sequences"] else empty for share in shares]

    def collate(self, share):
        pairs = [self.pairs[index] for index in share["pairs"]]
        nll = [self.alpha / len(pair["chosen_ids"]) / share["of"] for pair in pairs] + [0.0] * len(pairs)
        return {
            **self.batch(self.sides(pairs) + [(prompt, answer) for prompt, answer, _ in share["sequences"]]),
            "nll": torch.tensor(nll + [weight for *_, weight in share["sequences"]]),
            "reference": self.reference[share["pairs"]],
            "tokens": torch.tensor([[len(pair["chosen_ids"]), len(pair["rejected_ids"])] for pair in pairs]).view(-1, 2),
            "of": torch.tensor(float(share["of"])),
        }

    def get_train_dataloader(self):
        """The shares of this process, step by step. The lab has already mixed the data."""
        processes, passes = self.accelerator.num_processes, self.args.gradient_accumulation_steps
        own = [
            share
            for step in lines("order")[: self.args.max_steps]
            for share in self.shares(step, processes * passes)[self.accelerator.process_index :: processes]
        ]
        return DataLoader(own, batch_size=1, collate_fn=lambda one: self.collate(one[0]))

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        logps = self.logps(model, inputs)
        of, (chosen_tokens, rejected_tokens) = inputs["of"], inputs["tokens"].T
        pairs = len(chosen_tokens)
        chosen, rejected = logps[:pairs], logps[pairs : 2 * pairs]
        c, r = chosen - inputs["reference"][:, 0], rejected - inputs["reference"][:, 1]
        losses = self.loss(c, r, chosen_tokens, rejected_tokens, self.args.beta, self.args.label_smoothing)
        loss = self.weight * losses.sum() / of - (inputs["nll"] * logps).sum()
        figures = {
            "rewards/chosen": self.args.beta * c,
            "rewards/rejected": self.args.beta * r,
            "rewards/accuracies": (c > r).float(),
            "rewards/margins": self.args.beta * (c - r),
            "logps/chosen": chosen,
            "logps/rejected": rejected,
        }
        passes = self.args.gradient_accumulation_steps
        for name, values in figures.items():
            shared = self.accelerator.reduce(values.detach().sum() / of, "sum")
            self._metrics["train"][name].append(shared.item() * passes)
        # Afterwards transformers divides by the passes, and the gradients are averaged over the processes.
        return loss * passes * self.accelerator.num_processes

    def create_scheduler(self, num_training_steps, optimizer=None):
        """The lab's warm-up reaches its first rate in the first step, where transformers has a rate of 0."""
        kind, steps = str(self.args.lr_scheduler_type.value), self.args.max_steps
        warmup = 0 if kind == "constant" else min(int(self.args.warmup_steps), steps)

        def rate(step):
            if step < warmup:
                return (step + 1) / warmup
            progress = min(1.0, (step - warmup) / max(1, steps - warmup))
            falls = {"linear": 1 - progress, "cosine": (1 + math.cos(math.pi * progress)) / 2}
            return falls.get(kind, 1.0)

        if self.lr_scheduler is None:
            self.lr_scheduler = LambdaLR(optimizer or self.optimizer, rate)
        return self.lr_scheduler


def main(arguments, callbacks=()):
    os.chdir(HERE)
    lab = json.loads((HERE / "lab.json").read_text())
    parser = TrlParser((DPOConfig, ModelConfig))
    args, own = parser.parse_args_and_config(["--config", "settings.yaml", *arguments])
    started = int(os.environ.get("WORLD_SIZE", 1))
    if args.world_size != started:
        # On a machine without GPUs transformers would let each of them train alone, and write to the same folder.
        sys.exit(f"The {started} processes do not train together. Without GPUs, add --use_cpu true --ddp_backend gloo.")
    order = lines("order")
    if args.max_steps > len(order):
        sys.exit(f"The export has the batches of {len(order)} steps; set training.dpo.max_steps in the lab and export again.")
    args.gradient_accumulation_steps = math.ceil(len(order[0]["pairs"]) / (args.per_device_train_batch_size * args.world_size))
    base = AutoModelForCausalLM.from_pretrained(
        own.model_name_or_path,
        revision=own.model_revision,
        dtype=getattr(torch, own.dtype),
        attn_implementation=own.attn_implementation,
        attention_dropout=0.0,
        quantization_config=get_quantization_config(own),
    )
    model = PeftModel.from_pretrained(base, "adapter", is_trainable=True)
    tokenizer = AutoTokenizer.from_pretrained(own.model_name_or_path, revision=own.model_revision)
    trainer = LabTrainer(model, args, tokenizer, lab)
    for callback in callbacks:
        trainer.add_callback(callback)
    trainer.train(resume_from_checkpoint=args.resume_from_checkpoint)
    if trainer.accelerator.is_main_process:
        model = trainer.accelerator.unwrap_model(trainer.model)
        model.peft_config["default"].base_model_name_or_path = lab["base"]["name"]
        model.save_pretrained(args.output_dir, selected_adapters=["default"])
        log = [row for row in trainer.state.log_history if "loss" in row]
        record = {
            "lab": lab,
            "arguments": arguments,
            "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
            "processes": trainer.accelerator.num_processes,
            "steps": trainer.state.global_step,
            "log": [{name: value for name, value in row.items() if isinstance(value, (int, float))} for row in log],
        }
        (Path(args.output_dir) / "trained.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
