#!/usr/bin/env bash
# upng-js 2.1.0: an image of grey with 1, 2 or 4 bits a pixel is read as if its rows followed each other without a gap. PNG begins
# each row with a new byte, so that from the second row on a mask is sheared where its width does not fill whole bytes: a
# vertical line becomes a diagonal, or leaves the picture. The same indices as a palette are read right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts upng-js@2.1.0 >/dev/null 2>&1
cat > run.mjs <<'JS'
import { crc32, deflateSync } from "node:zlib";
import UPNG from "upng-js";

const chunk = (type, data) => {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
};
/** Five columns and three rows, black but for the second column. */
const width = 5, height = 3;
function lineOf(bits, palette) {
  const rows = Array.from({ length: height }, () => {
    const row = Buffer.alloc(1 + Math.ceil((width * bits) / 8));
    row[1] = (2 ** bits - 1) << (8 - 2 * bits);
    return row;
  });
  const header = Buffer.from([0, 0, 0, width, 0, 0, 0, height, bits, palette ? 3 : 0, 0, 0, 0]);
  const colours = Buffer.alloc(3 * 2 ** bits);
  colours.fill(255, colours.length - 3);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", header),
    ...(palette ? [chunk("PLTE", colours)] : []),
    chunk("IDAT", deflateSync(Buffer.concat(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
for (const [bits, palette] of [[1, true], [1, false], [2, false], [4, false]]) {
  const file = lineOf(bits, palette);
  const image = UPNG.decode(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
  const pixels = new Uint8Array(UPNG.toRGBA8(image)[0]);
  const row = (y) => Array.from({ length: width }, (_, x) => (pixels[4 * (y * width + x)] === 255 ? "#" : ".")).join("");
  console.log(`${bits} bits, ${palette ? "palette" : "grey"}:`, [0, 1, 2].map(row).join(" "));
}
JS
got=$(node run.mjs)
expected='1 bits, palette: .#... .#... .#...
1 bits, grey: .#... ....# .....
2 bits, grey: .#... ....# .....
4 bits, grey: .#... ..#.. ...#.'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
