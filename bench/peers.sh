#!/bin/sh
# Installs the peers of `npm run bench` into a folder outside the project:
#
# - PyTorch with transformers and peft, and TRL and gguf for `npm run test:parity`, into a virtual environment. Linux wheels of
#   PyTorch include CUDA (about 6 GB installed). If you have the address of a CPU-only build, pass it on to pip:
#   bench/peers.sh --index-url ADDRESS
# - transformers 4 with the peft of its time, for `npm run test:parity`, into a virtual environment of its own.
# - node-llama-cpp with its build for this machine's processor and none for graphics cards (85 MB), and the headers of the
#   llama.cpp that it was built from. No script of a package is run.
set -eu
folder="${XDG_CACHE_HOME:-$HOME/.cache}/dpo-driver-bench"
python3 -m venv "$folder"
"$folder/bin/pip" install "$@" torch==2.15.0
"$folder/bin/pip" install transformers==5.24.0 peft==0.21.2 trl==1.16.0 gguf==0.19.0
"$folder/bin/python" -c 'import peft, torch, transformers; print("PyTorch", torch.__version__, "is ready for npm run bench")'
python3 -m venv "$folder/transformers-4"
"$folder/transformers-4/bin/pip" install "$@" torch==2.15.0
"$folder/transformers-4/bin/pip" install transformers==4.57.6 peft==0.18.0

case "$(uname -sm)" in
  'Linux x86_64') platform=linux-x64 ;;
  'Linux aarch64') platform=linux-arm64 ;;
  'Darwin x86_64') platform=mac-x64 ;;
  'Darwin arm64') platform=mac-arm64-metal ;;
  *) echo "node-llama-cpp has no build that the bench knows for $(uname -sm)"; exit 0 ;;
esac
llama="$folder/llama"
mkdir -p "$llama"
npm install --prefix "$llama" --ignore-scripts --omit=optional --no-audit --no-fund \
  node-llama-cpp@3.22.1 "@node-llama-cpp/$platform@3.22.1"
rm -rf "$llama/llama.cpp" "$llama/source"
git clone --quiet --bare "$llama/node_modules/node-llama-cpp/llama/gitRelease.bundle" "$llama/source"
mkdir "$llama/llama.cpp"
git -C "$llama/source" archive HEAD include ggml/include vendor/nlohmann | tar x -C "$llama/llama.cpp"
rm -rf "$llama/source"
echo 'node-llama-cpp is ready for npm run bench'
