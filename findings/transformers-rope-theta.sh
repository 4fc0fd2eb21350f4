#!/bin/sh
# transformers 4.57.6 reads a Qwen2 config.json that transformers 5.24.0 wrote with another rope_theta, without a warning.
#
# transformers 5 writes rope_theta within rope_parameters, and no longer beside it. transformers 4 keeps rope_parameters as an
# unknown key, and takes its default, 10,000, for rope_theta. The published Qwen2 models have 1,000,000. If both keys are there,
# each version reads its own. A config.json with both keys, of the same value, is read alike.
#
# Seen: saved 1000000.0, read back by 4.57.6: 10000.0. This script fails if that changes. It installs no PyTorch.
set -eu
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
for version in 4.57.6 5.24.0; do
  python3 -m venv "$folder/$version"
  "$folder/$version/bin/pip" install --quiet "transformers==$version"
done
"$folder/5.24.0/bin/python" - "$folder/saved" <<'PYTHON'
import sys

from transformers import Qwen2Config

Qwen2Config(rope_theta=1e6).save_pretrained(sys.argv[1])
PYTHON
"$folder/4.57.6/bin/python" - "$folder/saved" <<'PYTHON'
import json
import sys

from transformers import AutoConfig

file = f"{sys.argv[1]}/config.json"
written = json.load(open(file))
print("transformers 5 writes rope_parameters", written["rope_parameters"], "and rope_theta", written.get("rope_theta"))
read = AutoConfig.from_pretrained(sys.argv[1]).rope_theta
print("transformers 4 reads rope_theta", read)
json.dump({**written, "rope_theta": 1e6}, open(file, "w"))
both = AutoConfig.from_pretrained(sys.argv[1]).rope_theta
print("with both keys it reads", both)
assert written["rope_parameters"]["rope_theta"] == 1e6 and "rope_theta" not in written
assert (read, both) == (10_000, 1e6)
PYTHON
