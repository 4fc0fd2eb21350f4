"""What TRL's DPOTrainer makes of pairs, and which figures it logs, for bench/parity-training.ts: `parity_training.py MODEL ASKED
ANSWERED`. It calls `_prepare_dataset`, the collator and `_compute_loss` of TRL unchanged; for the figures with a stand-in for
the model that returns given values.
"""
import json
import sys
from types import SimpleNamespace

import torch
from datasets import Dataset, disable_progress_bars
from transformers import AutoTokenizer
from trl import DPOTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference

from parity_trl_stand_in import batch, number, trainer

disable_progress_bars()
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
asked = json.load(open(sys.argv[2]))


def sequences(max_length):
    """Of every pair that is left: its index; the sequences with chosen and with rejected; how many tokens are no targets."""
    rows = Dataset.from_list([{**pair, "index": i} for i, pair in enumerate(asked["pairs"])])
    args = SimpleNamespace(dataset_num_proc=None, max_length=max_length, truncation_mode="keep_start")
    prepared = DPOTrainer._prepare_dataset(SimpleNamespace(_tokenizer=tokenizer), rows, tokenizer, args, "train")
    collate = DataCollatorForPreference(pad_token_id=0, max_length=max_length)
    left = []
    for row in prepared:
        made = collate([row])
        ids, seen, targets = (made[key].tolist() for key in ("input_ids", "attention_mask", "completion_mask"))
        lengths = [sum(mask) for mask in seen]
        left.append(
            {
                "index": row["index"],
                "sequences": [one[:length] for one, length in zip(ids, lengths)],
                "prompts": [length - sum(mask) for length, mask in zip(lengths, targets)],
            }
        )
    return left


def figures(case):
    """What the trainer logs for one pair."""
    _, inputs, model = batch(case)
    self = trainer(
        ld_alpha=None,
        f_divergence_type="reverse_kl",
        use_weighting=False,
        beta=case["beta"],
        label_smoothing=0.0,
        loss_types=["sigmoid"],
        loss_weights=[1.0],
    )
    inputs |= {"ref_chosen_logps": number(case["refChosen"]), "ref_rejected_logps": number(case["refRejected"])}
    DPOTrainer._compute_loss(self, model, inputs, False)
    return {name: values[-1] for name, values in self._metrics["train"].items()}


answered = {
    "sequences": [sequences(max_length) for max_length in asked["max_lengths"]],
    "figures": [figures(case) for case in asked["cases"]],
}
json.dump(answered, open(sys.argv[3], "w"))
