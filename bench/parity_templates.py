"""Renders TRL's copies of published chat templates with transformers, for bench/parity-templates.ts. Takes a model's folder,
a file of conversations and variables, and the file to write: by template its text, and each conversation without and with the
opening of an answer.
"""
import json
import sys
from pathlib import Path

import trl
from transformers import AutoTokenizer

model, given, result = sys.argv[1:]
spec = json.loads(Path(given).read_text())
tokenizer = AutoTokenizer.from_pretrained(model)
rendered = {}
for name in spec["templates"]:
    text = (Path(trl.__file__).parent / "chat_templates" / f"{name}.jinja").read_text()
    rendered[name] = {
        "text": text,
        "rendered": [
            tokenizer.apply_chat_template(
                messages, chat_template=text, tokenize=False, add_generation_prompt=opens, **spec["variables"]
            )
            for messages in spec["conversations"]
            for opens in (False, True)
        ],
    }
Path(result).write_text(json.dumps(rendered))
