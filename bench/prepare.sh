# Sourced by the benchmarks that measure a broker: the options they share, what they need installed,
# the release build. Takes what script/bootstrap is to install in $bootstrap; leaves $root, and in
# $arguments what is for the measuring program.
root=$(cd "$(dirname "$0")/.." && pwd)
arguments=()
for argument in "$@"; do
  case "$argument" in
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    --no-install) bootstrap+=(--no-install) ;;
    *) arguments+=("$argument") ;;
  esac
done
if [ -z "${SIGNALBOX:-}" ]; then
  "$root/script/bootstrap" "${bootstrap[@]}"
  "$root/script/build" release signalbox
  export SIGNALBOX="$root/build/release/signalbox"
fi
