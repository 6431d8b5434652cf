/** Checks a notebook's file against the format's rules: nbformat 4.5, as its documentation and schema state them. */
import assert from "node:assert/strict";
import { Ajv } from "ajv";

const lines = { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] };
const metadata = { type: "object" };
const bundle = {
  type: "object",
  patternProperties: { "^application/(.*\\+)?json$": true },
  additionalProperties: lines,
};
const exactly = (properties: Record<string, object>, optional: Record<string, object> = {}) => ({
  type: "object",
  required: Object.keys(properties),
  properties: { ...properties, ...optional },
  additionalProperties: false,
});

const count = { anyOf: [{ type: "integer", minimum: 0 }, { type: "null" }] };
const output = {
  oneOf: [
    exactly({ output_type: { const: "execute_result" }, execution_count: count, data: bundle, metadata }),
    exactly({ output_type: { const: "display_data" }, data: bundle, metadata }),
    exactly({ output_type: { const: "stream" }, name: { type: "string" }, text: lines }),
    exactly({
      output_type: { const: "error" },
      ename: { type: "string" },
      evalue: { type: "string" },
      traceback: { type: "array", items: { type: "string" } },
    }),
  ],
};

const id = { type: "string", pattern: "^[a-zA-Z0-9-_]+$", minLength: 1, maxLength: 64 };
const attachments = { type: "object", additionalProperties: bundle };
const tagged = {
  type: "object",
  properties: { tags: { type: "array", uniqueItems: true, items: { type: "string", pattern: "^[^,]+$" } } },
};
const textCell = exactly(
  { id, cell_type: { enum: ["markdown", "raw"] }, metadata: tagged, source: lines },
  { attachments },
);
const codeCell = exactly({
  id,
  cell_type: { const: "code" },
  metadata: tagged,
  source: lines,
  outputs: { type: "array", items: output },
  execution_count: count,
});

const validate = new Ajv({ allowUnionTypes: true }).compile(
  exactly({
    metadata: {
      type: "object",
      properties: {
        kernelspec: {
          type: "object",
          required: ["name", "display_name"],
          properties: { name: { type: "string" }, display_name: { type: "string" } },
        },
        language_info: { type: "object", required: ["name"], properties: { name: { type: "string" } } },
      },
    },
    nbformat: { const: 4 },
    nbformat_minor: { const: 5 },
    cells: { type: "array", items: { oneOf: [textCell, codeCell] } },
  }),
);

/** Throws unless the text is a notebook of nbformat 4.5 whose cells have different ids. */
export function assertNotebook(text: string): void {
  const file: unknown = JSON.parse(text);
  assert.ok(validate(file), JSON.stringify(validate.errors));
  const ids = (file as { cells: { id: string }[] }).cells.map((cell) => cell.id);
  assert.deepEqual(ids, [...new Set(ids)], "ids of cells must differ");
}
