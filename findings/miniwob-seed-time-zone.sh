#!/bin/sh
# MiniWoB++ 1.0: a seed of enter-time is another problem in another time zone, and another text in another language of the
# browser.
#
# The page draws an instant between two dates of the browser's time zone, and writes it with toLocaleTimeString() in the
# browser's language. The Python environment sets neither. So the same seed asks for another time in Los Angeles than in
# UTC (daylight saving), and a German or Chinese Chrome writes "20:04" where an English one writes "8:04 PM". Scores by
# seed from two machines are then not about the same problems. Setting the zone and the language of the browser avoids this.
#
# Seen with miniwob 1.0 and Chromium 156: seed 2 asks for 11:34 AM in UTC and for 12:34 PM in America/Los_Angeles. This
# script fails if that changes. It needs a Chromium (CHROME_PATH, or chromium in PATH) and installs nothing; it downloads
# 5 MB into a temporary folder. Options such as --index-url go on to pip.
set -eu
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
chrome="${CHROME_PATH:-chromium}"
python3 -m pip download --quiet --no-deps --dest "$folder" "$@" miniwob==1.0
python3 -m zipfile -e "$folder"/miniwob-1.0-*.whl "$folder/wheel"
page="$folder/wheel/miniwob/html/miniwob/enter-time.html"
"$chrome" --version 2>/dev/null

# As the Python environment begins an episode.
cat >>"$page" <<'HTML'
<script>
window.addEventListener('load', () => {
  core.endEpisode(0)
  Math.seedrandom(2)
  core.startEpisodeReal()
  document.title = core.getUtterance()
})
</script>
HTML

asked() {
    TZ="$1" "$chrome" --headless --no-sandbox --disable-gpu --user-data-dir="$folder/profile" --virtual-time-budget=2000 \
        --dump-dom "file://$page" 2>/dev/null | sed -n 's/.*<title>\(.*\)<\/title>.*/\1/p'
}
utc="$(asked UTC)"
angeles="$(asked America/Los_Angeles)"
echo "UTC:                 $utc"
echo "America/Los_Angeles: $angeles"
[ -n "$utc" ] && [ "$utc" != "$angeles" ] || { echo 'Changed: a seed is the same problem in both zones.'; exit 1; }
