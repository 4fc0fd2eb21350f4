"""The peer of bench/gpu.sh: the work of peer_torch.py on a graphics card, or on the processor in a dry run."""

import time

import peer_torch
import peft
import torch
import transformers


class Peer(peer_torch.Peer):
    def hello(self, precision):
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.set_default_device(self.device)
        return super().hello(precision)

    def card(self):
        """The card's name, and what it can do: operations a second of a matrix product, bytes a second of a copy."""
        name = torch.cuda.get_device_name() if self.device == "cuda" else "the processor"
        size, bytes = (8192, 2**30) if self.device == "cuda" else (256, 2**24)
        a, b = (torch.randn(size, size, dtype=self.dtype) for _ in range(2))
        product = min(self.seconds(lambda: a @ b) for _ in range(10))
        source = torch.zeros(bytes, dtype=torch.uint8)
        target = torch.empty_like(source)
        copy = min(self.seconds(lambda: target.copy_(source)) for _ in range(10))
        return {"name": name, "flops": 2 * size**3 / product, "bytes": 2 * bytes / copy}

    def load(self, model, adapter, trained, checkpointing):
        super().load(model, adapter, trained, checkpointing)
        self.adapted.to(self.device)
        return {}

    def shape(self, config, rank, checkpointing):
        """A model of this shape with random weights, and an adapter on all projections."""
        self.adapted = self.models = self.trained = self.optimizers = None
        if self.device == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        torch.set_default_dtype(self.dtype)
        made = transformers.Qwen2ForCausalLM(transformers.Qwen2Config(**config, attn_implementation="sdpa"))
        torch.set_default_dtype(torch.float32)
        self.adapted = peft.get_peft_model(
            made, peft.LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear", lora_dropout=0)
        )
        model = self.adapted.get_base_model().train()
        if checkpointing:
            model.gradient_checkpointing_enable({"use_reentrant": False})
        self.models = {"LoRA": model}
        self.trained = {"LoRA": [weight for weight in model.parameters() if weight.requires_grad]}
        self.optimizers = {"LoRA": torch.optim.AdamW(self.trained["LoRA"], lr=1e-7, weight_decay=0, fused=True)}
        return {}

    def memory(self):
        return {"bytes": torch.cuda.max_memory_allocated() if self.device == "cuda" else 0}

    def sft(self, sequences, trained):
        return {"seconds": self.seconds(lambda: super(Peer, self).sft(sequences, trained))}

    def dpo(self, sequences, reference, trained):
        return {"seconds": self.seconds(lambda: super(Peer, self).dpo(sequences, reference, trained))}

    def prefill(self, prompt):
        tokens = torch.tensor([prompt])
        with torch.inference_mode():
            return {"seconds": self.seconds(lambda: self.models["LoRA"](input_ids=tokens, logits_to_keep=1))}

    def decode(self, prompt, count):
        """Seconds of `count` tokens after the first."""
        whole, first = (
            self.seconds(lambda: self.generate([prompt], tokens)) for tokens in (count + 1, 1)
        )
        return {"seconds": whole - first}

    def seconds(self, work):
        self.wait()
        start = time.perf_counter()
        work()
        self.wait()
        return time.perf_counter() - start

    def wait(self):
        if self.device == "cuda":
            torch.cuda.synchronize()


peer_torch.main(Peer())
