"""Encodes strings with Hugging Face's tokenizers, for bench/parity.ts: `parity_tokens.py TOKENIZER STRINGS IDS`, as JSON."""
import json
import sys
from pathlib import Path

from tokenizers import Tokenizer

tokenizer = Tokenizer.from_file(sys.argv[1])
strings = json.loads(Path(sys.argv[2]).read_text())
ids = [encoded.ids for encoded in tokenizer.encode_batch(strings, add_special_tokens=False)]
Path(sys.argv[3]).write_text(json.dumps(ids))
