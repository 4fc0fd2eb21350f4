#!/bin/sh
# datasets 5.2.0 and transformers 5.24.0: where every answer of a JSONL file is a date, all answers become one and the same
# text, "<datetime>", without a warning.
#
# load_dataset("json") reads a column of texts as timestamps if each looks like one ("2015-01-05", with or without a time).
# One expects text, as JSON has no dates: one other text in the column, or Dataset.from_list, gives text. The chat template
# of transformers 5 then writes a value that it does not know as "<" type ">". So the chosen and the rejected answer are
# alike, and a trainer learns from "<datetime>". to_json writes numbers, so the texts do not come back. A time zone in the
# text is gone as well. Features named at loading make it text again, but another one: "2015-01-05 00:00:00". Who has tasks
# whose answer is always a date reads the lines with Python's json, and calls Dataset.from_list.
#
# Seen: chosen "2015-01-05" and rejected "2015-05-01" are both rendered as "<datetime>"; to_json writes 1420416000000. This
# script fails if that changes. It installs no PyTorch; options such as --index-url go on to pip.
set -eu
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "$@" \
    datasets==5.2.0 pyarrow==25.0.1 pandas==3.1.1 transformers==5.24.0 jinja2==3.1.6
HF_HUB_OFFLINE=1 HF_HOME="$folder/cache" "$folder/venv/bin/python" - "$folder" <<'PYTHON'
import json
import sys

import datasets
import transformers
from datasets import Dataset, Features, List, Value, load_dataset
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

datasets.disable_progress_bars()
folder = sys.argv[1]
tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()))
# The loop of Qwen2's chat template.
tokenizer.chat_template = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
)


def messages(role, text):
    return [{"role": role, "content": text}]


def answers(rows):
    return [tokenizer.apply_chat_template(rows[0][name], tokenize=False).split("\n")[1] for name in ("chosen", "rejected")]


row = {
    "prompt": messages("user", "When did it begin?"),
    "chosen": messages("assistant", "2015-01-05"),
    "rejected": messages("assistant", "2015-05-01"),
}
file = f"{folder}/pairs.jsonl"
with open(file, "w") as lines:
    lines.write(json.dumps(row) + "\n")
print("datasets", datasets.__version__, "transformers", transformers.__version__)
read = load_dataset("json", data_files=file, split="train")
read.to_json(f"{folder}/again.jsonl")
again = json.loads(open(f"{folder}/again.jsonl").readline())["chosen"][0]["content"]
message = List({"role": Value("string"), "content": Value("string")})
features = Features({name: message for name in row})
named = load_dataset("json", data_files=file, split="train", features=features)
print("type of the answers:", read.features["chosen"].feature["content"].dtype)
print("chosen, rejected, as read from the file:", answers(read))
print("written again by to_json:", again)
print("chosen, rejected, from a list:", answers(Dataset.from_list([row])))
print("chosen, rejected, with features named:", answers(named))
assert read.features["chosen"].feature["content"].dtype == "timestamp[s]"
assert answers(read) == ["<datetime><|im_end|>"] * 2
assert again == 1420416000000
assert answers(Dataset.from_list([row])) == ["2015-01-05<|im_end|>", "2015-05-01<|im_end|>"]
assert answers(named) == ["2015-01-05 00:00:00<|im_end|>", "2015-05-01 00:00:00<|im_end|>"]
PYTHON
