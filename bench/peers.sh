#!/bin/sh
# Installs what `npm run bench` compares the engine with, PyTorch with transformers and peft, into a virtual environment
# outside the project. Linux wheels of PyTorch bring CUDA along (about 6 GB installed); where a CPU-only build can be
# had, options of pip say so:  bench/peers.sh --index-url ADDRESS
set -eu
folder="${XDG_CACHE_HOME:-$HOME/.cache}/dpo-driver-bench"
python3 -m venv "$folder"
"$folder/bin/pip" install "$@" torch==2.15.0
"$folder/bin/pip" install transformers==5.23.0 peft==0.21.2
"$folder/bin/python" -c 'import peft, torch, transformers; print("PyTorch", torch.__version__, "is ready for npm run bench")'
