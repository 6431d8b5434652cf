// Lint rules: type-checked, no warnings, and the direction of imports.
//
// Lower parts never import higher ones:
//   errors, shapes <- engine <- layers <- models <- training <- cli
// `data` and `widgets` stand apart: they take and give plain arrays, never tensors.
import path from "node:path";
import { fileURLToPath } from "node:url";
import tseslint from "typescript-eslint";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Each part of the house, and the parts that it must not import. */
const forbidden = {
  "src/engine": ["layers", "models", "data", "training", "kernel", "cli", "widgets"],
  "src/layers": ["models", "data", "training", "kernel", "cli", "widgets"],
  "src/models": ["data", "training", "kernel", "cli", "widgets"],
  "src/data": ["engine", "layers", "models", "training", "kernel", "cli", "widgets"],
  "src/training": ["kernel", "cli", "widgets"],
  "src/kernel": ["engine", "layers", "models", "data", "training", "cli", "widgets"],
  widgets: ["engine", "layers", "models", "data", "training", "cli"],
};

const directions = Object.entries(forbidden).map(([folder, parts]) => ({
  files: [`${folder}/**/*.ts`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          ...parts.map((part) => ({
            regex: `^\\.\\.?/(.*/)?${part}(/|\\.js$)`,
            message: `${folder} must not import ${part}: imports point one way (see test/eslint.config.mjs).`,
          })),
          ...(folder === "src/data" || folder === "widgets"
            ? [{ regex: "^@tensorflow/", message: `${folder} takes and gives plain arrays, never tensors.` }]
            : []),
        ],
      },
    ],
  },
}));

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
);
