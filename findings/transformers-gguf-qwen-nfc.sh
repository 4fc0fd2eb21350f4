#!/bin/sh
# transformers 5.24.0: the tokenizer that it makes of a Qwen2 model's GGUF file does not normalise text, the model's own does.
#
# Qwen2's tokenizer.json turns text into NFC before it cuts it: "e" and a combining accent become one letter. A GGUF file says
# "gpt2" and "qwen2" of its tokenizer, and nothing of a normalizer, so who reads it has to know. One expects that
# AutoTokenizer.from_pretrained(folder, gguf_file=...), which answers with a Qwen2Tokenizer, does. It has no normalizer. Text in
# decomposed form, as macOS gives names of files, gets other tokens than those that the model was trained with.
#
# Seen with transformers 5.24.0, gguf 0.19.0 and PyTorch 2.15.0, on a file with the 256 bytes, one merge and no weights. This
# script fails if that changes. It installs about 6 GB into a temporary folder; options such as --index-url go on to pip.
set -eu
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "$@" torch==2.15.0 transformers==5.24.0 gguf==0.19.0
HF_HUB_OFFLINE=1 "$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys

import gguf
import transformers
from transformers import AutoTokenizer, Qwen2Tokenizer

folder = sys.argv[1]
# Byte-level BPE writes each byte as a letter: printable ones as themselves, the others from U+0100 on.
kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
others = [byte for byte in range(256) if byte not in kept]
letters = {byte: chr(byte) for byte in kept} | {byte: chr(256 + at) for at, byte in enumerate(others)}
merge = tuple(letters[byte] for byte in "\u00e9".encode())
special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
tokens = [*(letters[byte] for byte in range(256)), "".join(merge), *special]

writer = gguf.GGUFWriter(f"{folder}/tiny.gguf", "qwen2")
writer.add_block_count(1)
writer.add_context_length(64)
writer.add_embedding_length(32)
writer.add_feed_forward_length(32)
writer.add_head_count(2)
writer.add_head_count_kv(2)
writer.add_rope_freq_base(1e6)
writer.add_layer_norm_rms_eps(1e-6)
writer.add_tokenizer_model("gpt2")
writer.add_tokenizer_pre("qwen2")
writer.add_token_list(tokens)
writer.add_token_types([gguf.TokenType.NORMAL] * 257 + [gguf.TokenType.CONTROL] * 3)
writer.add_token_merges([" ".join(merge)])
writer.add_eos_token_id(259)
writer.add_pad_token_id(257)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

own = Qwen2Tokenizer(vocab={token: at for at, token in enumerate(tokens)}, merges=[merge])
read = AutoTokenizer.from_pretrained(folder, gguf_file="tiny.gguf")
print("transformers", transformers.__version__, "reads the file as", type(read).__name__)
seen = {}
for text in ("\u00e9", "e\u0301"):
    seen[text] = [tokenizer.encode(text, add_special_tokens=False) for tokenizer in (own, read)]
    print(f"{ascii(text)}: Qwen2Tokenizer {seen[text][0]}, from the GGUF file {seen[text][1]}")
if seen != {"\u00e9": [[256], [256]], "e\u0301": [[256], [101, 204, 129]]}:
    sys.exit("this has changed")
PYTHON
