"""Computes losses with TRL's own code, for bench/parity.ts. Reads a list of cases from the first file; writes values and
derivatives to the second. It calls `_compute_loss` of DPOTrainer and KTOTrainer unchanged, in float64, on a batch of one
pair, with a stand-in for the model that returns the case's log-probabilities.
"""
import json
import sys

import torch
from trl import DPOTrainer, KTOTrainer

from parity_trl_stand_in import batch, number, trainer


def dpo(case):
    rows, inputs, model = batch(case)
    alpha = case["rpo_alpha"]
    self = trainer(
        ld_alpha=None,
        f_divergence_type="reverse_kl",
        use_weighting=False,
        beta=case["beta"],
        label_smoothing=case["label_smoothing"],
        # RPO is DPO's loss plus TRL's `sft` with a weight.
        loss_types=[case["loss_type"]] + ["sft"] * (alpha > 0),
        loss_weights=[1.0] + [alpha] * (alpha > 0),
    )
    inputs |= {"ref_chosen_logps": number(case["refChosen"]), "ref_rejected_logps": number(case["refRejected"])}
    return rows, DPOTrainer._compute_loss(self, model, inputs, False)


def kto(case):
    rows, inputs, model = batch(case)
    self = trainer(
        loss_type="kto",
        beta=case["beta"],
        desirable_weight=case["desirable_weight"],
        undesirable_weight=case["undesirable_weight"],
        calculate_KL=True,
        _compute_kl_logps=lambda *_: number(case["kl"]),
    )
    inputs |= {
        "label": torch.tensor([True, False]),
        "ref_logps": torch.cat([number(case["refChosen"]), number(case["refRejected"])]),
        "ref_KL_logps": number(0.0),
    }
    return rows, KTOTrainer._compute_loss(self, model, inputs, False)


results = []
for case in json.load(open(sys.argv[1])):
    (chosen, rejected), loss = (kto if case["loss_type"] == "kto" else dpo)(case)
    loss.backward()
    # Equal for all tokens of a completion; none if the loss is flat.
    slopes = [0.0 if row.grad is None else row.grad[0].item() for row in (chosen, rejected)]
    results.append({"loss": loss.item(), "dChosen": slopes[0], "dRejected": slopes[1]})
json.dump(results, open(sys.argv[2], "w"))
