#!/usr/bin/env bash
# sharp 0.34.5: enlarging samples at x / 2 and not around centres, so that an edge in the middle moves by half a place to the right, and
# the kernels mitchell, lanczos2 and lanczos3 all give what cubic gives; when an image is reduced they differ, and centres are kept.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund sharp@0.34.5 >/dev/null 2>&1
cat > run.js <<'CODE'
const sharp = require("sharp");
const size = 8;
const edge = Buffer.alloc(size * size, Uint8Array.from({ length: size }, (_, x) => (x < size / 2 ? 0 : 255)));
const ramp = Buffer.alloc(size * size, Uint8Array.from({ length: size }, (_, x) => x * x * 4));
const enlarged = async (image, kernel) => {
  const pipeline = sharp(image, { raw: { width: size, height: size, channels: 1 } }).resize(2 * size, 2 * size, { kernel });
  const pixels = await pipeline.extractChannel(0).raw().toBuffer();
  return [...pixels.subarray(2 * size * size, 2 * size * size + 2 * size)].join(" ");
};
(async () => {
  console.log(`linear ${await enlarged(edge, "linear")}`);
  const curves = await Promise.all(["cubic", "mitchell", "lanczos2", "lanczos3"].map((kernel) => enlarged(ramp, kernel)));
  console.log(`different curves of four kernels: ${new Set(curves).size}`);
})();
CODE
got=$(node run.js 2>/dev/null | tail -n 2)
expected='linear 0 0 0 0 0 0 0 0 128 255 255 255 255 255 255 255
different curves of four kernels: 1'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
