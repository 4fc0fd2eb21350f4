#!/bin/sh
# @huggingface/jinja 0.5.11 and transformers 5.24.0 (Jinja2 3.1.6): one chat template and one set of messages give two
# prompts, and neither side says so.
#
# transformers renders chat templates in Python, and @huggingface/jinja (of Transformers.js) the same templates in
# JavaScript. One expects the same text, as the model was trained on one of them. Lines of common templates differ for
# valid messages:
# - `tool | tojson`: a default of 1.0 becomes 1, and 1e-05 becomes 0.00001. Keys that are whole numbers move to the front,
#   in the order of their value.
# - `message['content']`: a tool's answer of true is "True" in Python and "true" in JavaScript.
# - `message['content'] | trim`: Python keeps a byte order mark and drops U+0085; JavaScript does the reverse.
# A model that learned from prompts of one is then asked with prompts of the other. Texts in place of other values, and
# messages without such characters at their ends, avoid it.
#
# This script prints both texts of each line, and fails if a pair changes. It installs no PyTorch; it needs Node.js and npm.
# Options such as --index-url go on to pip.
set -eu
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "$@" transformers==5.24.0 jinja2==3.1.6
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" @huggingface/jinja@0.5.11
cat >"$folder/cases.json" <<'JSON'
[
  { "template": "{{ messages[0] | tojson }}", "message": { "scale": 1.0, "least": 1e-05 },
    "python": "{\"scale\": 1.0, \"least\": 1e-05}", "javascript": "{\"scale\": 1, \"least\": 0.00001}" },
  { "template": "{{ messages[0] | tojson }}", "message": { "other": "c", "10": "b", "2": "a" },
    "python": "{\"other\": \"c\", \"10\": \"b\", \"2\": \"a\"}",
    "javascript": "{\"2\": \"a\", \"10\": \"b\", \"other\": \"c\"}" },
  { "template": "{{ messages[0]['content'] }}|", "message": { "role": "tool", "content": true },
    "python": "True|", "javascript": "true|" },
  { "template": "{{ messages[0]['content'] | trim }}|", "message": { "role": "user", "content": "\ufeffHello\u0085" },
    "python": "\ufeffHello|", "javascript": "Hello\u0085|" }
]
JSON
cat >"$folder/render.mjs" <<'JAVASCRIPT'
import { readFileSync } from 'node:fs'
import { Template } from '@huggingface/jinja'

const cases = JSON.parse(readFileSync(process.argv[2], 'utf8'))
console.log(JSON.stringify(cases.map(({ template, message }) => new Template(template).render({ messages: [message] }))))
JAVASCRIPT
node "$folder/render.mjs" "$folder/cases.json" >"$folder/javascript.json"
HF_HUB_OFFLINE=1 "$folder/venv/bin/python" - "$folder" <<'PYTHON'
import json
import sys

import jinja2
import transformers
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

folder = sys.argv[1]
tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()))
print("transformers", transformers.__version__, "Jinja2", jinja2.__version__, "@huggingface/jinja 0.5.11")
same = True
for case, javascript in zip(json.load(open(f"{folder}/cases.json")), json.load(open(f"{folder}/javascript.json")), strict=True):
    python = tokenizer.apply_chat_template([case["message"]], chat_template=case["template"], tokenize=False)
    print(case["template"])
    print("    Python:    ", ascii(python))
    print("    JavaScript:", ascii(javascript))
    same = same and (python, javascript) == (case["python"], case["javascript"])
sys.exit(0 if same else "Changed: other texts than were seen.")
PYTHON
