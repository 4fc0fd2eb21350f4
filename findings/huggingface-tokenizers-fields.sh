#!/bin/sh
# @huggingface/tokenizers 0.2.0 (npm) passes over fields of tokenizer.json without a word, and gives other ids than tokenizers
# 0.23.3 (PyPI), which wrote the file:
# - a pre-tokenizer Split with MergedWithPrevious, MergedWithNext or Contiguous cuts as if it were Isolated;
# - a Split with invert drops all that the pattern does not match, whatever its behavior; PyPI's does that for Removed alone;
# - an added token with single_word is found inside words as well.
#
# Seen: "ab12cd" cut at digits, and "xaby" with the added token "ab", give the tokens below. This script fails if that changes.
set -eu
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet tokenizers==0.23.3
npm install --silent --no-audit --no-fund --prefix "$folder" @huggingface/tokenizers@0.2.0

cat > "$folder/write.py" <<'PYTHON'
import json
import sys

from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers

# A token for every piece that a cut can leave, so that the tokens show the cuts.
pieces = ["ab", "cd", "x", "y", "ab1", "1", "2", "12", "2cd", "1ab", "xaby", "ab12cd", "[UNK]"]
cases = {}
for behavior in ["isolated", "merged_with_previous", "merged_with_next", "contiguous", "removed"]:
    for invert in [False, True]:
        one = Tokenizer(models.WordLevel({piece: id for id, piece in enumerate(pieces)}, unk_token="[UNK]"))
        one.pre_tokenizer = pre_tokenizers.Split(Regex(r"\d"), behavior, invert=invert)
        cases[f"{behavior}{' inverted' if invert else ''}"] = (one, "ab12cd")
one = Tokenizer(models.WordLevel({piece: id for id, piece in enumerate(pieces) if piece != "ab"}, unk_token="[UNK]"))
one.add_tokens([AddedToken("ab", single_word=True)])
cases["single_word"] = (one, "xaby")
found = {
    name: {"file": json.loads(one.to_str()), "text": text, "tokens": one.encode(text).tokens}
    for name, (one, text) in cases.items()
}
json.dump(found, open(sys.argv[1], "w"))
PYTHON
"$folder/python/bin/python" "$folder/write.py" "$folder/cases.json"

cat > "$folder/compare.mjs" <<'JS'
import { readFileSync } from 'node:fs'
import { Tokenizer } from '@huggingface/tokenizers'

const differ = []
for (const [name, { file, text, tokens }] of Object.entries(JSON.parse(readFileSync(process.argv[2], 'utf8')))) {
  const cut = new Tokenizer(file, {}).encode(text).tokens
  console.log(name.padEnd(30), 'PyPI', tokens.join(' ').padEnd(16), 'npm', cut.join(' '))
  if (cut.join(' ') !== tokens.join(' ')) differ.push(name)
}
const expected = [
  'isolated inverted', 'merged_with_previous', 'merged_with_previous inverted', 'merged_with_next',
  'merged_with_next inverted', 'contiguous', 'contiguous inverted', 'single_word',
]
if (differ.join() !== expected.join()) throw new Error(`other cases differ now: ${differ.join()}`)
JS
node "$folder/compare.mjs" "$folder/cases.json"
