// Lint rules: type-checked, no warnings, and the floors of the house.
import { readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import tseslint from "typescript-eslint";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/**
 * The rooms by floor, lowest first. A room imports from lower floors only, never from its own floor or a higher one; a
 * room that is on no floor fails, so that a new one is put somewhere on purpose. Rooms are folders of `src`, files at its
 * root, and `widgets`.
 */
const floors = [
  ["core"],
  ["engine", "data", "jupyter", "exchange"],
  ["functions", "weights", "notebook"],
  ["layers"],
  ["models"],
  ["inspection", "pretrained"],
  ["widgets", "web"],
  ["training"],
  ["panoptic"],
  ["verification", "bench", "export"],
  ["index", "catalogue", "editor"],
  ["cli", "public"],
  ["site"],
];

/** Rooms that take and give plain arrays, never tensors. */
const withoutTensors = ["data", "widgets", "jupyter", "notebook", "exchange"];
/** Rooms that run in a browser too. */
const withoutNode = ["functions", "layers", "models", "web"];

/** Of rooms with Node in them, what browser code may import. The rest of a room does not compile in browser/. */
const browserToo = [
  ".*-state\\.js$",
  "notebook/(page|editing)/",
  "notebook/(nbformat|output-recorder)\\.js$",
  "state-buffers\\.js$",
  "web/",
];

const roomOf = (entry) => (entry.isDirectory() ? entry.name : path.basename(entry.name, ".ts"));
const placed = new Set(floors.flat());
for (const entry of readdirSync(path.join(root, "src"), { withFileTypes: true }))
  if (!placed.has(roomOf(entry)))
    throw new Error(`src/${entry.name} is on no floor; give it a place in test/eslint.config.mjs`);

const nodeModules = { regex: "^node:", message: "This room runs in a browser too: nothing of Node in it." };
const tensors = { regex: "^@tensorflow/", message: "This room takes and gives plain arrays, never tensors." };

const directions = floors.flatMap((rooms, floor) =>
  rooms.map((room) => ({
    files: room === "widgets" ? ["widgets/**/*.ts"] : [`src/${room}/**/*.ts`, `src/${room}.ts`],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            ...floors
              .slice(floor)
              .flat()
              .filter((other) => other !== room)
              .map((other) => ({
                // From a folder of the room up to the other room; a folder inside the room may have its name.
                regex: `^(\\.\\./)+(src/)?${other}(/|\\.js$)`,
                message: `${room} must not import ${other}, which is not on a lower floor (test/eslint.config.mjs).`,
              })),
            ...(withoutNode.includes(room) ? [nodeModules] : []),
            ...(withoutTensors.includes(room) ? [tensors] : []),
          ],
        },
      ],
    },
  })),
);

export default tseslint.config(
  { ignores: ["**/dist/**", "**/out/**", "src/engine/wasm/assembly/**", "**/*.js", "**/*.mjs", "**/*.cjs"] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: "error",
    },
  },
  {
    // node:test's describe and it return promises that the runner itself awaits.
    files: ["test/**/*.ts"],
    rules: { "@typescript-eslint/no-floating-promises": "off" },
  },
  ...directions,
  {
    // Runs at every operation. Small ones took three times as long while arguments were literals spread into literals.
    files: ["src/engine/wasm/**/*.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "ObjectExpression > SpreadElement > ObjectExpression",
          message: "Write the properties out: V8 spreads a literal by its slow path, at every call of the kernel.",
        },
      ],
    },
  },
  {
    // What runs in a page takes of other rooms only what runs in a page too.
    files: ["browser/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { regex: "^node:", message: "Browser code has nothing of Node." },
            {
              regex: `^(\\.\\./)+(src|test|widgets)/(?!${browserToo.join("|")})`,
              message: "Browser code imports of other rooms only what runs in a browser too (test/eslint.config.mjs).",
            },
          ],
        },
      ],
    },
  },
);
