/** Einsum as one matrix product, and its gradients, which TensorFlow.js does not have. */
import * as tf from "@tensorflow/tfjs";

interface Equation {
  /** Letters of each operand's axes. */
  readonly operands: readonly string[];
  readonly result: string;
}

function parseEquation(equation: string): Equation {
  const [operands, result] = equation.replace(/\s/g, "").split("->");
  return { operands: operands.split(","), result };
}

/**
 * tf.einsum of one or two operands in sums, transpositions and one batched matrix product. As in TensorFlow.js an operand
 * names no axis twice.
 */
export function contract(equation: string, tensors: readonly tf.Tensor[]): tf.Tensor {
  const { allDims, idDims } = tf.backend_util.decodeEinsumEquation(equation, tensors.length);
  tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, [...tensors]);
  const { operands, result } = parseEquation(equation);
  return tf.tidy(() => {
    if (tensors.length === 1) return arrange(tensors[0], operands[0], result);
    const [a, b] = operands;
    const both = (letter: string): boolean => a.includes(letter) && b.includes(letter);
    const letters = [...new Set(a + b)];
    const batch = letters.filter((letter) => both(letter) && result.includes(letter));
    const summed = letters.filter((letter) => both(letter) && !result.includes(letter));
    const [rows, columns] = [a, b].map((own) => [...own].filter((letter) => !both(letter) && result.includes(letter)));
    const sizes = new Map(
      [a, b].flatMap((own, index) => [...own].map((letter, axis) => [letter, tensors[index].shape[axis]])),
    );
    const size = (group: readonly string[]): number =>
      group.reduce((product, letter) => product * sizes.get(letter)!, 1);
    const left = arrange(tensors[0], a, [...batch, ...rows, ...summed].join(""));
    const right = arrange(tensors[1], b, [...batch, ...summed, ...columns].join(""));
    const product = tf.matMul(
      left.reshape([size(batch), size(rows), size(summed)]),
      right.reshape([size(batch), size(summed), size(columns)]),
    ); // [batch, rows, columns]
    const order = [...batch, ...rows, ...columns];
    return arrange(product.reshape(order.map((letter) => sizes.get(letter)!)), order.join(""), result);
  });
}

/** Sums over the axes that are not wanted, and puts the others in order. */
function arrange(tensor: tf.Tensor, letters: string, wanted: string): tf.Tensor {
  const dropped = [...letters].flatMap((letter, axis) => (wanted.includes(letter) ? [] : [axis]));
  const kept = [...letters].filter((letter) => wanted.includes(letter)).join("");
  const sum = dropped.length === 0 ? tensor : tensor.sum(dropped);
  return kept === wanted ? sum : sum.transpose([...wanted].map((letter) => kept.indexOf(letter)));
}

/**
 * The gradient with respect to operand `index`: dy and the other operand, summed to what axes this one shares with them; along
 * its others it is the same everywhere.
 */
function operandGradient(equation: string, tensors: readonly tf.Tensor[], index: number, dy: tf.Tensor): tf.Tensor {
  const { operands, result } = parseEquation(equation);
  const own = operands[index];
  const other = operands[1 - index] as string | undefined;
  const shared = [...own].filter((letter) => result.includes(letter) || other?.includes(letter)).join("");
  const gradient =
    other === undefined
      ? contract(`${result}->${shared}`, [dy])
      : contract(`${result},${other}->${shared}`, [dy, tensors[1 - index]]);
  const { shape } = tensors[index];
  const ones = shape.map((size, axis) => (shared.includes(own[axis]) ? size : 1));
  return gradient.reshape(ones).mul(tf.ones(shape));
}

export const einsumGradients: readonly tf.GradConfig[] = [
  {
    kernelName: "Einsum",
    saveAllInputs: true,
    gradFunc: (dy, tensors, attrs) => {
      const equation = attrs["equation"] as string;
      const gradients = tensors.map((_, index) => () => operandGradient(equation, tensors, index, dy as tf.Tensor));
      return gradients as unknown as ReturnType<tf.GradFunc>;
    },
  },
];
