#!/usr/bin/env bash
# image-js 1.7.0: resize with bilinear or bicubic interpolation moves the image by half a place: one of the size that
# it has comes back blurred. nearest is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts image-js@1.7.0 >/dev/null 2>&1
cat > run.mjs <<'JS'
import { Image } from "image-js";

const ramp = [0, 10, 20, 30, 40, 50, 60, 70];
const image = new Image(8, 8, { data: Uint8Array.from({ length: 64 }, (_, i) => ramp[i % 8]), colorModel: "GREY" });
for (const interpolationType of ["nearest", "bilinear", "bicubic"]) {
  const same = image.resize({ width: 8, height: 8, interpolationType });
  console.log(interpolationType, Array.from(same.getRawImage().data.slice(0, 8)).join(" "));
}
JS
got=$(node run.mjs)
expected='nearest 0 10 20 30 40 50 60 70
bilinear 0 5 15 25 35 45 55 65
bicubic 0 4 15 25 35 45 55 66'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
