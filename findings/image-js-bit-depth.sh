#!/usr/bin/env bash
# image-js 1.7.0: convertBitDepth from 8 to 16 bits makes white 65280 of 65535 (a shift by 8, where 257 times is white
# again), so that thresholds relative to the greatest value move; and the median of an even count is the lower of the
# two in the middle.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts image-js@1.7.0 >/dev/null 2>&1
cat > run.mjs <<'JS'
import { Image } from "image-js";

const image = (data) => new Image(data.length, 1, { data: Uint8Array.from(data), colorModel: "GREY" });
console.log("white of 16 bits", image([0, 255]).convertBitDepth(16).getRawImage().data.join(" "));
console.log("median of 0 and 255", image([0, 255]).median().join(" "));
JS
got=$(node run.mjs)
expected='white of 16 bits 0 65280
median of 0 and 255 0'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
