#!/usr/bin/env bash
# sharp 0.34.5: a grey PNG of 16 bits, as label maps of street scenes are kept (24001 is instance 1 of class 24), is read with 8 bits
# and three channels, and asking for 16 bits by raw({ depth: "ushort" }) changes the type and not the numbers. They come whole
# only when the colour space is named as well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund sharp@0.34.5 >/dev/null 2>&1
cat > run.js <<'CODE'
const sharp = require("sharp");
const labels = Uint16Array.from([24, 24001, 26005, 65535]);
const shown = ({ data, info }) => {
  const Numbers = info.depth === "ushort" ? Uint16Array : Uint8Array;
  const values = new Numbers(data.buffer.slice(data.byteOffset, data.byteOffset + data.length));
  return `${info.channels} x ${info.depth}: ${[...values].filter((_, index) => index % info.channels === 0).join(" ")}`;
};
(async () => {
  const raw = { width: 4, height: 1, channels: 1 };
  const png = await sharp(labels, { raw })
    .toColourspace("grey16")
    .png()
    .toBuffer();
  const { depth, space } = await sharp(png).metadata();
  console.log(`file ${depth} ${space}`);
  console.log(shown(await sharp(png).raw().toBuffer({ resolveWithObject: true })));
  console.log(shown(await sharp(png).raw({ depth: "ushort" }).toBuffer({ resolveWithObject: true })));
  const named = sharp(png).toColourspace("grey16").raw({ depth: "ushort" });
  console.log(shown(await named.toBuffer({ resolveWithObject: true })));
})();
CODE
got=$(node run.js)
expected='file ushort grey16
3 x uchar: 0 93 101 255
3 x ushort: 0 93 101 255
1 x ushort: 24 24001 26005 65535'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
