#!/bin/sh
# TRL 1.16.0: two helpers for data sets change valid rows without a word.
#
# 1. maybe_extract_prompt: where the prompt is a text and the answers are lists of messages that do not repeat it, the
#    result has an empty prompt. The text is gone: the answers would be learned without their question.
# 2. maybe_convert_to_chatml turns ShareGPT's `from` and `value` into `role` and `content`, but leaves the roles `human`
#    and `gpt`. A ChatML template then renders <|im_start|>human and <|im_start|>gpt, which no Qwen model was trained on.
#
# Ends with 0 while that is so, with 1 when it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip="$folder/venv/bin/pip --quiet --disable-pip-version-check"
$pip install transformers==5.24.0 datasets==5.2.0 jinja2==3.1.6 packaging
$pip install --no-deps trl==1.16.0
"$folder/venv/bin/python" - <<'PYTHON'
from jinja2 import Template
from trl.data_utils import maybe_convert_to_chatml, maybe_extract_prompt

def answer(text):
    return [{"role": "assistant", "content": text}]

row = maybe_extract_prompt({"prompt": "What is 2 + 2?", "chosen": answer("4"), "rejected": answer("5")})
print("prompt as a text, answers as messages:", row)
assert row == {"prompt": [], "chosen": answer("4"), "rejected": answer("5")}

row = maybe_convert_to_chatml(
    {"conversations": [{"from": "human", "value": "What is 2 + 2?"}, {"from": "gpt", "value": "4"}]}
)
# The loop of Qwen2's chat template.
template = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
text = Template(template).render(**row)
print("ShareGPT through ChatML:", repr(text))
assert text == "<|im_start|>human\nWhat is 2 + 2?<|im_end|>\n<|im_start|>gpt\n4<|im_end|>\n"
print("as seen before")
PYTHON
