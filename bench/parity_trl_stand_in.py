"""Stand-ins for the parts of TRL's trainers that their losses use, for parity_trl.py and parity_training.py."""
from collections import defaultdict
from types import SimpleNamespace

import torch


def trainer(**attributes):
    """The part of a trainer that its loss uses."""
    same = lambda value: value
    return SimpleNamespace(
        model=SimpleNamespace(training=True),
        accelerator=SimpleNamespace(device=torch.device("cpu"), gather=same, gather_for_metrics=same),
        precompute_ref_logps=True,
        aux_loss_enabled=False,
        _metrics={"train": defaultdict(list)},
        _total_train_tokens=0,
        _tp_size=1,
        **attributes,
    )


def batch(case):
    """Chosen, then rejected, padded on the right after a prompt of one token; and the log-probabilities to differentiate by."""
    completions = [case["chosen"], case["rejected"]]
    longest = max(map(len, completions))
    rows = [torch.tensor(one, dtype=torch.float64).requires_grad_() for one in completions]
    logps = torch.stack([torch.nn.functional.pad(row, (0, longest - len(row))) for row in rows])
    mask = torch.tensor([[0] + [1] * len(one) + [0] * (longest - len(one)) for one in completions])
    per_token = lambda name: torch.tensor([one + [0] * (longest - len(one)) for one in case[name]])
    outputs = SimpleNamespace(
        log_probs=logps,
        entropy=per_token("entropies").double() if "entropies" in case else torch.zeros_like(logps),
        mean_logits=torch.zeros_like(logps),
        is_top1=per_token("hits").bool() if "hits" in case else torch.zeros_like(logps, dtype=torch.bool),
    )
    inputs = {"input_ids": torch.zeros_like(mask), "attention_mask": torch.ones_like(mask), "completion_mask": mask}
    return rows, inputs, lambda **_: outputs


def number(value):
    return torch.tensor([value], dtype=torch.float64)
