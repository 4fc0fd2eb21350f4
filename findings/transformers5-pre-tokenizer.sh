#!/bin/sh
# transformers 5.24.0: AutoTokenizer gives other ids than tokenizer.json for a model of type qwen2 whose pre-tokenizer is not
# Qwen2's, whatever tokenizer_class says. 4.57.6 gives those of tokenizer.json.
#
# For model_type qwen2 (and some others) it takes Qwen2Tokenizer, which keeps vocabulary and merges of tokenizer.json and puts
# Qwen2's pre-tokenizer in place of the file's; tokenizer_class "PreTrainedTokenizerFast" and "TokenizersBackend" are passed
# over. save_pretrained writes the other pre-tokenizer into tokenizer.json. With an auto_map in tokenizer_config.json it takes
# tokenizer_class after all: also without trust_remote_code, when the class in auto_map is never loaded.
#
# Seen: "12" is one token in tokenizer.json and two for AutoTokenizer; with auto_map it is one. This script fails if that
# changes. It installs no PyTorch.
set -eu
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
for version in 4.57.6 5.24.0; do
  python3 -m venv "$folder/$version"
  "$folder/$version/bin/pip" install --quiet "transformers==$version"
done
cat > "$folder/compare.py" <<'PYTHON'
import json
import sys
from pathlib import Path

import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoTokenizer, Qwen2Config

folder = Path(sys.argv[1])
Qwen2Config(vocab_size=257).save_pretrained(folder)
letters = sorted(pre_tokenizers.ByteLevel.alphabet())
vocab = {token: id for id, token in enumerate([*letters, "12"])}
own = Tokenizer(models.BPE(vocab=vocab, merges=[("1", "2")]))
own.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
own.save(str(folder / "tokenizer.json"))
counts = {}
for name, extra in {"plain": {}, "auto_map": {"auto_map": {"AutoTokenizer": [None, "own.Own"]}}}.items():
    config = {"tokenizer_class": "PreTrainedTokenizerFast", **extra}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    auto = AutoTokenizer.from_pretrained(folder)
    counts[name] = len(auto.encode("12", add_special_tokens=False))
    print("transformers", transformers.__version__, name, type(auto).__name__, "tokens:", counts[name])
assert len(own.encode("12").ids) == 1
assert counts == {"plain": 2 if transformers.__version__.startswith("5") else 1, "auto_map": 1}
PYTHON
for version in 4.57.6 5.24.0; do HF_HUB_OFFLINE=1 "$folder/$version/bin/python" "$folder/compare.py" "$folder/$version-model"; done
