"""Encodes strings with transformers, for bench/parity.ts: `parity_tokens.py FOLDER STRINGS IDS`.

IDS is JSON: the ids of each string, and those of each string as a user's message with the opening of an answer.
"""
import json
import sys
from pathlib import Path

from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
strings = json.loads(Path(sys.argv[2]).read_text())
plain = [tokenizer.encode(text, add_special_tokens=False) for text in strings]
chats = [[{"role": "user", "content": text}] for text in strings]
prompts = [
    tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=True, return_dict=True)["input_ids"]
    for chat in chats
]
Path(sys.argv[3]).write_text(json.dumps({"plain": plain, "prompts": prompts}))
