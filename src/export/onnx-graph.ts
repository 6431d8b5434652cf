/**
 * An ONNX graph in the making: nodes, constants and their names.
 *
 * Source: onnx 1.23 `onnx.proto` (field numbers), `Operators.md` at opset 22.
 */
import { bytes, float, int, ints, message, text, type Bytes } from "./protobuf.js";

export type Attribute = number | readonly number[] | string | { readonly float: number };

/** What runtimes of 2025 and later read; opset 22 is the first whose pools count windows right where sizes round up. */
const irVersion = 10;
const opset = 22;
const floatType = 1;
const int64Type = 7;

export interface Port {
  readonly name: string;
  /** A number, or the name of what is known only when the graph runs. */
  readonly shape: readonly (number | string)[];
}

export class OnnxGraph {
  private readonly nodes: Bytes[] = [];
  private readonly initializers: Bytes[] = [];
  private readonly used = new Map<string, number>();
  private readonly constants = new Map<string, string>();

  /** A node of one output, whose name it has too. `name` becomes unique by a number. */
  node(
    op: string,
    name: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    return this.append(op, name, inputs, attributes, 1)[0];
  }

  /** A node of several outputs. */
  split(name: string, input: string, sizes: readonly number[], axis: number): string[] {
    return this.append("Split", name, [input, this.whole(sizes)], { axis }, sizes.length);
  }

  private append(
    op: string,
    name: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    count: number,
  ): string[] {
    const own = this.unique(name);
    const outputs = count === 1 ? [own] : Array.from({ length: count }, (_, index) => `${own}/${index}`);
    this.nodes.push(
      message(1, [
        ...inputs.map((input) => text(1, input)),
        ...outputs.map((output) => text(2, output)),
        text(3, own),
        text(4, op),
        ...Object.entries(attributes).map(([key, value]) => attribute(key, value)),
      ]),
    );
    return outputs;
  }

  /** Float32 numbers under a name of their own. */
  weights(name: string, values: Float32Array, shape: readonly number[]): string {
    const own = this.unique(name);
    this.initialize(own, floatType, shape, values);
    return own;
  }

  /** Whole numbers, [n] or, of a single number, a scalar; the same ones are stored once. */
  whole(values: readonly number[] | number): string {
    const list = typeof values === "number" ? [values] : values;
    const shape = typeof values === "number" ? [] : [list.length];
    const key = list.join("_").replaceAll("-", "minus");
    const name = list.length > 5 ? "list" : `${shape.length === 0 ? "number" : "list"}_${key}`;
    return this.once(`${shape.length} ${key}`, name, (own) =>
      this.initialize(own, int64Type, shape, BigInt64Array.from(list, BigInt)),
    );
  }

  scalar(value: number): string {
    const name = `float_${String(value).replaceAll("-", "minus")}`;
    return this.once(name, name, (own) => this.initialize(own, floatType, [], Float32Array.of(value)));
  }

  private once(key: string, name: string, make: (name: string) => void): string {
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const own = this.unique(name);
    this.constants.set(key, own);
    make(own);
    return own;
  }

  private initialize(name: string, type: number, shape: readonly number[], values: Float32Array | BigInt64Array): void {
    const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.initializers.push(message(5, [ints(1, shape), int(2, type), text(8, name), bytes(9, raw)]));
  }

  private unique(name: string): string {
    const count = this.used.get(name) ?? 0;
    this.used.set(name, count + 1);
    return count === 0 ? name : this.unique(`${name}_${count + 1}`);
  }

  /** The bytes of a model file, in parts. */
  encode(
    name: string,
    inputs: readonly Port[],
    outputs: readonly Port[],
    about: { readonly producer: string; readonly version: string; readonly metadata: Readonly<Record<string, string>> },
  ): Uint8Array[] {
    const port = (field: number, { name: portName, shape }: Port): Bytes => {
      const dimensions = shape.map((size) => message(1, [typeof size === "number" ? int(1, size) : text(2, size)]));
      const type = message(2, [message(1, [int(1, floatType), message(2, dimensions)])]);
      return message(field, [text(1, portName), type]);
    };
    const graph = [
      ...this.nodes,
      text(2, name),
      ...this.initializers,
      ...inputs.map((input) => port(11, input)),
      ...outputs.map((output) => port(12, output)),
    ];
    return [
      ...int(1, irVersion),
      ...text(2, about.producer),
      ...text(3, about.version),
      ...message(7, graph),
      ...message(8, [text(1, ""), int(2, opset)]),
      ...Object.entries(about.metadata).flatMap(([key, value]) => message(14, [text(1, key), text(2, value)])),
    ];
  }
}

/** Types by the field numbers of `AttributeProto.AttributeType`. */
function attribute(name: string, value: Attribute): Bytes {
  if (typeof value === "number") return message(5, [text(1, name), int(3, value), int(20, 2)]);
  if (typeof value === "string") return message(5, [text(1, name), text(4, value), int(20, 3)]);
  if ("float" in value) return message(5, [text(1, name), float(2, value.float), int(20, 1)]);
  return message(5, [text(1, name), ints(8, value), int(20, 7)]);
}
