"""The peer of `npm run bench`: the engine's work in PyTorch on the CPU, with transformers' Qwen2 and peft's LoRA, in
fp32, or in bf16 with the adapter in fp32, as in peft. DPO's loss is TRL's `sigmoid`.

Reads one JSON request a line from stdin ({"do": method, ...arguments}) and answers each with one line on stdout. Steps
answer with the seconds they took. Batches are padded on the right and share no prompts, as in TRL. The peer is faster than
TRL where it can be: padding on the right needs no mask under causal attention, logits are computed at target tokens only,
AdamW is the fused one, and DPO's reference is computed beforehand.
"""

import contextlib
import json
import resource
import sys
import time

import peft
import torch
import transformers
from torch.nn.functional import log_softmax, logsigmoid

BETA = 0.1
PADDING = 0


class Peer:
    def hello(self, precision):
        self.dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
        return {"name": f"PyTorch {torch.__version__.split('+')[0]}", "threads": torch.get_num_threads()}

    def settings(self, threads):
        torch.set_num_threads(threads)
        return {}

    def load(self, model, adapter, trained, checkpointing):
        """A copy of the model for each name in `trained`: with the adapter, or without it to train all weights. With
        `checkpointing`, the adapted one computes activations again in its backward pass."""
        load = lambda: transformers.Qwen2ForCausalLM.from_pretrained(
            model, dtype=self.dtype, attn_implementation="sdpa"
        )
        self.models = {}
        if "LoRA" in trained:
            self.adapted = peft.PeftModel.from_pretrained(load(), adapter, is_trainable=True)
            self.models["LoRA"] = self.adapted.get_base_model().train()
            if checkpointing:
                # Without reentrance, gradients reach the adapter even though no input has one.
                self.models["LoRA"].gradient_checkpointing_enable({"use_reentrant": False})
        if "all weights" in trained:
            self.models["all weights"] = load().train()
        self.trained = {
            name: [weight for weight in model.parameters() if weight.requires_grad]
            for name, model in self.models.items()
        }
        self.optimizers = {
            name: torch.optim.AdamW(weights, lr=1e-7, weight_decay=0, fused=True)
            for name, weights in self.trained.items()
        }
        return {}

    @contextlib.contextmanager
    def model(self, name):
        """The model of that name. If 'all weights' has no copy of its own, the other one without its adapter."""
        if name in self.models:
            yield self.models[name]
        else:
            with self.adapted.disable_adapter():
                yield self.models["LoRA"]

    def peak(self):
        """The most bytes that this process ever held."""
        return {"bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}

    def logprobs(self, sequences, trained):
        """Log-probabilities of all completion tokens, one sequence after the other."""
        with self.model(trained) as model, torch.no_grad():
            logps, _ = target_logps(model, sequences)
        return {"logprobs": logps.tolist()}

    def sft(self, sequences, trained):
        start, cpu = time.perf_counter(), time.process_time()
        logps, _ = target_logps(self.models[trained], sequences)
        self.descend(-logps.mean(), trained)
        return {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}

    def dpo(self, sequences, reference, trained):
        """A step on pairs: sequences 2i and 2i + 1 are chosen and rejected of pair i, `reference` holds their log-probabilities."""
        start, cpu = time.perf_counter(), time.process_time()
        logps, owners = target_logps(self.models[trained], sequences)
        sums = torch.zeros(len(sequences)).index_add(0, owners, logps)
        ratios = (sums - torch.tensor(reference)).view(-1, 2)
        self.descend(-logsigmoid(BETA * (ratios[:, 0] - ratios[:, 1])).mean(), trained)
        return {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}

    def descend(self, loss, trained):
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained[trained], 1.0)
        self.optimizers[trained].step()
        self.optimizers[trained].zero_grad(set_to_none=True)

    def generate(self, prompts, count):
        """Greedy completions of `count` tokens with a key-value cache; unequal prompts are padded on the left. `first` are
        the seconds until each has its first token."""
        start = time.perf_counter()
        longest = max(len(prompt) for prompt in prompts)
        padded = longest * len(prompts) > sum(len(prompt) for prompt in prompts)
        tokens = torch.tensor([[PADDING] * (longest - len(prompt)) + prompt for prompt in prompts])
        seen = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        positions = (seen.cumsum(1) - 1).clamp(min=0)
        cache, chosen, logps = None, [], []
        with self.model("all weights") as model, torch.inference_mode():
            while True:
                output = model(
                    input_ids=tokens,
                    attention_mask=seen if padded else None,
                    position_ids=positions,
                    past_key_values=cache,
                    use_cache=True,
                    logits_to_keep=1,
                )
                best, tokens = log_softmax(output.logits[:, -1].float(), -1).max(-1, keepdim=True)
                chosen.append(tokens)
                logps.append(best)
                if len(chosen) == 1:
                    first = time.perf_counter() - start
                if len(chosen) == count:
                    break
                cache = output.past_key_values
                positions = positions[:, -1:] + 1
                seen = torch.cat([seen, torch.ones_like(tokens)], 1)
        seconds = time.perf_counter() - start
        tokens, logps = torch.cat(chosen, 1), torch.cat(logps, 1)
        return {"tokens": tokens.tolist(), "logprobs": logps.tolist(), "seconds": seconds, "first": first}

    def matmul(self, size):
        """Operations a second of a square matrix product, the best of several runs."""
        a, b = torch.randn(size, size, dtype=self.dtype), torch.randn(size, size, dtype=self.dtype)
        seconds = []
        for _ in range(20):
            start = time.perf_counter()
            a @ b
            seconds.append(time.perf_counter() - start)
        return {"flops": 2 * size**3 / min(seconds)}


def target_logps(model, sequences):
    """Log-probability of every completion token, and the sequence that each belongs to."""
    longest = max(len(one["prompt"]) + len(one["completion"]) for one in sequences)
    tokens = torch.full((len(sequences), longest), PADDING)
    owners, predictors, targets = [], [], []
    for row, one in enumerate(sequences):
        prompt, completion = one["prompt"], one["completion"]
        length = len(prompt) + len(completion)
        tokens[row, :length] = torch.tensor(prompt + completion)
        owners += [row] * len(completion)
        predictors += range(len(prompt) - 1, length - 1)
        targets += completion
    owners, targets = torch.tensor(owners), torch.tensor(targets)
    hidden = model.model(input_ids=tokens, use_cache=False).last_hidden_state
    logits = model.lm_head(hidden[owners, torch.tensor(predictors)])
    return log_softmax(logits.float(), -1).gather(1, targets[:, None])[:, 0], owners


def main(peer):
    # Libraries may print to stdout, so the answers have a stream of their own.
    answers, sys.stdout = sys.stdout, sys.stderr
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(getattr(peer, request.pop("do"))(**request)), file=answers, flush=True)


if __name__ == "__main__":
    main(Peer())
