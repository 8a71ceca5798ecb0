#!/bin/bash
# Checks, tunes and times galvani on a machine with a GPU that has nothing else: no network, no Node, no Vulkan loader.
#
#   bench/gpu.sh pack FOLDER [--fixtures DIR]
#       Puts all it takes into FOLDER, at most 60 MiB: this Node, the built galvani with the packages it needs at run time,
#       the Vulkan loader, and this script. --fixtures adds a folder of cases for `galvani verify --fixtures`.
#   FOLDER/gpu.sh run OUT [FOLDER] [--seconds N] [--quick] [--allow-software]
#       On the GPU's machine (Linux on x64 with glibc 2.34, tar, gzip and the GPU's driver): checks the kernels, times the
#       training step, compares it with PyTorch where python3 has one, and tunes. FOLDER is the script's own if left out.
#       Ends within N seconds (530); each part has a limit of its own, and one that fails stops no other.
#       --quick takes small batches and few rounds; --allow-software is content with a software adapter: to try the script.
#
# OUT gets summary.md; log.txt (what the parts said); results.json (what they measured, by part), for each batch
# bench-BATCH.json and of the larger one bench-BATCH.html; kernels-ADAPTER.json (the tuned kernels, as GALVANI_CACHE has them).
# Exit codes: 0 done, 1 a part failed or had no time left, 2 wrong usage, 4 no GPU adapter.

set -u

LIMIT_MIB=60
# Beside the loader: what NVIDIA's driver links to, for machines whose image leaves it out.
LIBRARIES=(libvulkan.so.1 libGLdispatch.so.0 libEGL.so.1 libGLX.so.0 libX11.so.6 libXext.so.6 libxcb.so.1 libXau.so.6
  libXdmcp.so.6 libbsd.so.0 libmd.so.0)
# Prints how this Python runs PyTorch, and where it is itself; fails if it has none.
WAYS_OF_PYTORCH='import importlib.metadata as m, sys
print("torch" if int(m.version("torch").split(".")[0]) < 2 else "torch torch-compile", sys.executable, sep="\n")'
# Where container runtimes mount NVIDIA's driver.
MOUNTED=/usr/local/nvidia

usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }
fail() { printf 'gpu.sh: %s\n' "$2" >&2; exit "$1"; }

# Where the dynamic linker finds a library by its name; nothing if it does not.
library() { PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | sed -n "/^[[:space:]]*$1 (.*x86-64/{s/.* => //p;q}"; }

# ---- pack ----

# pack FOLDER FIXTURES ('' for none): links all of it into one tree, and archives what the links lead to.
pack() {
  local folder=$1 fixtures=$2 root node tree size name path
  root=$(cd "$(dirname "$0")/.." && pwd)
  node=$(node -p process.execPath) || fail 1 'no Node on the PATH'
  [[ $(node -p 'process.platform + process.arch') == linuxx64 ]] || fail 1 "$node is not for Linux on x64"
  if ldd "$node" 2>/dev/null | grep -q libnode; then fail 1 "$node is not all of Node; use one of nodejs.org"; fi
  [[ -n $(library libvulkan.so.1) ]] || fail 1 'the Vulkan loader libvulkan.so.1 is not installed (Debian: apt-get install libvulkan1)'
  [[ -z $fixtures || -f $fixtures/index.json ]] || fail 2 "$fixtures has no index.json"
  node -e 'import(process.argv[1]).then(({ build }) => build())' "$root/scripts/lib/build.mjs" || fail 1 'the build failed'
  tree=$work/tree
  mkdir -p "$tree"/{bench,lib,node_modules} "$folder" || exit 1
  ln -s "$node" "$tree/node"
  ln -s "$root"/{bin,dist,package.json} "$tree/"
  ln -s "$root"/bench/{peers,gpu_summary.mjs} "$tree/bench/"
  [[ -z $fixtures ]] || ln -s "$(cd "$fixtures" && pwd)" "$tree/fixtures"
  for name in "${LIBRARIES[@]}"; do
    path=$(library "$name")
    [[ -z $path ]] || ln -s "$path" "$tree/lib/$name"
  done
  link_packages "$root"
  tar -C "$tree" --dereference --exclude=bench/peers/node_modules --exclude='webgpu/dist/darwin*' --exclude='webgpu/dist/win32*' \
    --exclude=webgpu/dist/linux-arm64 --exclude='dist/*.map' --exclude=dist/types -czf "$folder/galvani.tar.gz" . ||
    fail 1 'the archive could not be written'
  cp "$0" "$folder/gpu.sh" || exit 1
  size=$(du -sm --apparent-size "$folder" | cut -f1)
  ((size <= LIMIT_MIB)) || fail 1 "$folder has $size MiB, more than $LIMIT_MIB; leave --fixtures out, or choose an empty folder"
  printf '%s: %s MiB; on the GPU: %s/gpu.sh run OUT\n' "$folder" "$size" "$folder"
}

# link_packages ROOT: what package.json needs at run time; packages within packages come along with these.
link_packages() {
  local path name
  while read -r path; do
    name=${path#"$1/node_modules/"}
    [[ $path != "$1" && $name != */node_modules/* ]] || continue
    mkdir -p "$tree/node_modules/$(dirname "$name")"
    ln -s "$path" "$tree/node_modules/$name"
  done < <(cd "$1" && TMPDIR=$work npm ls --omit=dev --all --parseable 2>/dev/null) # npm leaves its compiled self there
  [[ -e $tree/node_modules/webgpu/dist/linux-x64 ]] || fail 1 "the package webgpu is not installed; run \`npm run setup\`"
}

# ---- run ----

run() {
  local batch large=${batches[0]} small=${batches[1]}
  out=$1
  deadline=$(($(now) + seconds))
  [[ -f $2/galvani.tar.gz ]] || fail 2 "$2 has no galvani.tar.gz; make it by \`bench/gpu.sh pack FOLDER\`"
  mkdir -p "$out" "$work"/{app,home,cache,tmp} || exit 1
  tar -C "$work/app" -xzf "$2/galvani.tar.gz" || fail 1 "$2/galvani.tar.gz could not be unpacked"
  set_environment
  find_adapter
  note_facts
  part verify 150 verify
  if [[ -d $work/app/fixtures ]]; then part fixtures 60 verify --fixtures "$work/app/fixtures"; fi
  for batch in "${batches[@]}"; do part "step-$batch" 40 bench step --batch "$batch" --rounds "$rounds"; done
  compare_with_pytorch "$large"
  for batch in "${batches[@]}"; do part "tune-$batch" 60 tune --batch "$batch" --budget "$tune_seconds"; done
  part "bench-$large" 80 bench all --tuned --batch "$large" --rounds "$rounds" --html "$work/bench-$large.html"
  part "bench-$small" 60 bench all --tuned --batch "$small" --rounds "$rounds"
  compare_with_pytorch "$small"
  part "variants-$large" 100 bench kernels --batch "$large" --all-variants
  if ((failures > 0)); then fail 1 "parts that failed or had no time left: $failures; $out/summary.md says which, $out/log.txt why"; fi
}

# compare_with_pytorch BATCH: one part for each way to run it, since compilation may take all of its time.
compare_with_pytorch() {
  local name
  for name in $peers; do
    part "$name-$1" 90 bench peers --peers "$name" --python "$python" --batch "$1" --rounds "$rounds"
  done
}

# Caches start empty, nothing is left behind, and the packed libraries serve where the system has none.
set_environment() {
  local path
  { read -r peers && read -r python; } < <(python3 -c "$WAYS_OF_PYTORCH" 2>/dev/null)
  export PYTHONUSERBASE=${PYTHONUSERBASE:-${HOME:-}/.local} # packages that a user installed lie in the home they came from
  export HOME=$work/home XDG_CACHE_HOME=$work/cache GALVANI_CACHE=$work/cache/galvani TMPDIR=$work/tmp
  for path in "$work"/app/lib/*; do
    [[ -z $(library "${path##*/}") ]] || rm "$path"
  done
  export PATH=$PATH:$MOUNTED/bin LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$MOUNTED/lib64:$MOUNTED/lib:$work/app/lib
}

# The system's Vulkan drivers first, then NVIDIA's where its description lies elsewhere or is missing.
find_adapter() {
  local name driver drivers=('')
  if [[ -f $MOUNTED/share/vulkan/icd.d/nvidia_icd.json ]]; then drivers+=("$MOUNTED/share/vulkan/icd.d/nvidia_icd.json"); fi
  for name in libGLX_nvidia.so.0 libEGL_nvidia.so.0; do
    printf '{"file_format_version": "1.0.0", "ICD": {"library_path": "%s", "api_version": "1.3.0"}}\n' $name >"$work/$name.json"
    drivers+=("$work/$name.json")
  done
  for driver in "${drivers[@]}"; do
    [[ -z $driver ]] || export VK_DRIVER_FILES=$driver
    if limited doctor 60 doctor && { ((allow_software)) || grep -q '"is_fallback_adapter": *false' "$work/doctor.json"; }; then return; fi
  done
  cp "$work/log.txt" "$out/"
  fail 4 "no GPU adapter: neither the system's Vulkan drivers nor NVIDIA's show a GPU; $out/log.txt has what they said"
}

note_facts() {
  { date -u && uname -sr && nvidia-smi; } >>"$work/log.txt" 2>&1
  nvidia-smi --query-gpu=name,driver_version,memory.total,power.limit,clocks.max.sm,clocks.max.mem --format=csv,noheader \
    >"$work/nvidia-smi.txt" 2>/dev/null
}

now() { date +%s; }

# part NAME SECONDS ARGUMENTS...: its outcome is noted and OUT brought up to date, so that a run cut short keeps what came before.
part() {
  local name=$1 limit=$2 started left outcome='done' status
  started=$(now) left=$((deadline - started))
  shift 2
  if ((left < 5)); then
    outcome='no time left'
  else
    limited "$name" $((limit < left ? limit : left)) "$@"
    status=$?
    case $status in 0) ;; 124 | 137) outcome='stopped at its limit' ;; *) outcome="failed (exit code $status)" ;; esac
  fi
  [[ $outcome == 'done' ]] || failures=$((failures + 1))
  printf '%s\t%s\t%s s\n' "$name" "$outcome" $(($(now) - started)) | tee -a "$work/outcomes.tsv"
  "$work/app/node" "$work/app/bench/gpu_summary.mjs" "$work" "$out" 2>>"$work/log.txt" ||
    printf 'gpu.sh: the results were not written to %s\n' "$out" >&2
}

# limited NAME SECONDS ARGUMENTS...: galvani's exit code, or that of timeout. In the background, so that a signal ends it at once.
limited() {
  local name=$1 limit=$2
  shift 2
  printf '\n== %s: galvani %s\n' "$name" "$*" >>"$work/log.txt"
  timeout -k 3 "$limit" "$work/app/node" "$work/app/bin/galvani.js" "$@" --json >"$work/$name.json" 2>>"$work/log.txt" &
  child=$!
  wait "$child"
}

command=${1:-}
shift $(($# > 0))
places=()
fixtures='' peers='' python='' seconds=530 allow_software=0 batches=(256 32) rounds=20 tune_seconds=45
failures=0 child=''
while (($# > 0)); do
  case $command:$1 in
    pack:--fixtures) fixtures=${2:-} && shift ;;
    run:--seconds) seconds=${2:-} && shift ;;
    run:--quick) batches=(4 2) rounds=2 tune_seconds=5 ;;
    run:--allow-software) allow_software=1 ;;
    *:-*) fail 2 "$command has no option $1; gpu.sh --help shows usage" ;;
    *) places+=("$1") ;;
  esac
  shift
done
[[ $seconds =~ ^[1-9][0-9]*$ ]] || fail 2 "--seconds is '$seconds', expected a number"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap '[[ -z $child ]] || kill "$child" 2>/dev/null; exit 130' INT TERM
case $command:${#places[@]} in
  pack:1) pack "${places[0]}" "$fixtures" ;;
  run:1) run "${places[0]}" "$(dirname "$0")" ;;
  run:2) run "${places[@]}" ;;
  --help:0 | -h:0 | help:0) usage ;;
  *) usage >&2 && exit 2 ;;
esac
