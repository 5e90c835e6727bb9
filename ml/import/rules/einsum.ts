import { FlwrError } from "../../../base/error.ts";
import { elementCount, tensor } from "../../../tensor/tensor.ts";
import { fill, mul, where } from "../../graph/elementwise.ts";
import { matmul } from "../../graph/linear.ts";
import { broadcastTo, reshape, transpose } from "../../graph/movement.ts";
import { reduceSum } from "../../graph/reduce.ts";
import { showShape } from "../../graph/shape.ts";
import { constant, type Value } from "../../graph/value.ts";
import type { NodeCall, Rule } from "../graph/call.ts";
import { requireConstantSize } from "./shapes.ts";

/** An array whose axes have labels. Axes that "..." stands for are labelled by their distance from its end. */
interface Term {
  readonly value: Value;
  readonly labels: readonly string[];
}

const DOTS = "...";

function refused(equation: string, reason: string): FlwrError {
  return new FlwrError("invalid-argument", `The equation "${equation}" ${reason}`);
}

/** The labels of a term's axes. */
function labelsOf(equation: string, text: string, rank: number | undefined): string[] {
  const [before, after, ...more] = text.split(DOTS).map((letters) => letters.split(""));
  const letters = [...before!, ...after ?? []];
  if (more.length > 0 || letters.some((letter) => !/[A-Za-z]/.test(letter))) {
    throw refused(equation, `has an invalid term: "${text}"`);
  }
  const open = after === undefined || rank === undefined ? 0 : rank - letters.length;
  if (rank !== undefined && (open < 0 || (after === undefined && letters.length !== rank))) {
    throw refused(equation, `has the term "${text}" for an array of ${rank} axes`);
  }
  const dots = Array.from({ length: open }, (_, i) => `.${open - i}`);
  return [...before!, ...dots, ...after ?? []];
}

/**
 * The labels of the result's axes. Without an arrow: "...", then the letters that occur once, in alphabetical order.
 */
function resultLabels(
  equation: string,
  resultText: string | undefined,
  terms: readonly Term[],
): string[] {
  const all = terms.flatMap(({ labels }) => labels);
  const dots = [...new Set(all.filter((label) => label.startsWith(".")))].sort((a, b) =>
    Number(b.slice(1)) - Number(a.slice(1))
  );
  if (resultText === undefined) {
    const letters = all.filter((label) => !label.startsWith("."));
    const once = letters.filter((label) => letters.indexOf(label) === letters.lastIndexOf(label));
    return [...dots, ...once.sort()];
  }
  const [before, after] = resultText.split(DOTS);
  labelsOf(equation, resultText, undefined);
  const labels = [...before!, ...(after === undefined ? [] : [...dots, ...after])];
  const unknown = labels.find((label) => !all.includes(label));
  if (unknown !== undefined || new Set(labels).size !== labels.length) {
    throw refused(equation, "has letters in its result that are repeated or in no term");
  }
  return labels;
}

/** Reduces axes with the same label to their diagonal. */
function withoutRepeats({ value, labels }: Term): Term {
  const second = labels.findIndex((label, axis) => labels.indexOf(label) < axis);
  if (second < 0) return { value, labels };
  const first = labels.indexOf(labels[second]!);
  const length = value.shape[first]!;
  if (value.shape[second] !== length) {
    throw new FlwrError(
      "invalid-argument",
      `Axes with the same letter have different lengths: ${showShape(value.shape)}`,
    );
  }
  requireConstantSize([length, length]);
  const eye = Uint8Array.from(
    { length: length ** 2 },
    (_, i) => Number(i % (length + 1) === 0),
  );
  const shape = value.shape.map((_, axis) => axis === first || axis === second ? length : 1);
  const mask = constant(tensor("bool", shape, eye));
  const diagonal = reduceSum(where(mask, value, fill(0, value.dtype)), { axes: [second] });
  return withoutRepeats({ value: diagonal, labels: labels.filter((_, axis) => axis !== second) });
}

/** Sums over the axes whose labels are not needed. */
function sumOut({ value, labels }: Term, needed: ReadonlySet<string>): Term {
  const axes = labels.flatMap((label, axis) => needed.has(label) ? [] : [axis]);
  return { value: reduceSum(value, { axes }), labels: labels.filter((label) => needed.has(label)) };
}

/** A term with its axes in the order of labels; missing axes get length 1. */
function inAxisOrder({ value, labels }: Term, order: readonly string[]): Value {
  const own = order.filter((label) => labels.includes(label));
  const turned = transpose(value, own.map((label) => labels.indexOf(label)));
  let axis = 0;
  return reshape(turned, order.map((label) => labels.includes(label) ? turned.shape[axis++]! : 1));
}

/** Multiplies two terms and sums over the axes that neither the result nor another term needs. */
function multiplyTerms(left: Term, right: Term, needed: ReadonlySet<string>): Term {
  const [a, b] = [left, right].map((term, i) => {
    const other = [right, left][i]!;
    return sumOut(term, new Set([...needed, ...other.labels]));
  }) as [Term, Term];
  const common = a.labels.filter((label) => b.labels.includes(label));
  const shared = common.filter((label) => needed.has(label));
  const inner = common.filter((label) => !needed.has(label));
  const [rows, columns] = [a, b].map(({ labels }) =>
    labels.filter((label) => !common.includes(label))
  ) as [string[], string[]];
  const order = [...shared, ...rows, ...columns];
  if (inner.length === 0) {
    return { value: mul(inAxisOrder(a, order), inAxisOrder(b, order)), labels: order };
  }

  const lengths = new Map<string, number>();
  for (const { value, labels } of [a, b]) {
    labels.forEach((label, axis) =>
      lengths.set(label, Math.max(lengths.get(label) ?? 1, value.shape[axis]!))
    );
  }
  const count = (labels: readonly string[]) =>
    elementCount(labels.map((label) => lengths.get(label)!));
  const matrix = (term: Term, labels: readonly string[], shape: readonly number[]) => {
    const value = inAxisOrder(term, labels);
    return reshape(broadcastTo(value, labels.map((label) => lengths.get(label)!)), shape);
  };
  const lead = shared.length === 0 ? [] : [count(shared)];
  const product = matmul(
    matrix(a, [...shared, ...rows, ...inner], [...lead, count(rows), count(inner)]),
    matrix(b, [...shared, ...inner, ...columns], [...lead, count(inner), count(columns)]),
  );
  return { value: reshape(product, order.map((label) => lengths.get(label)!)), labels: order };
}

function einsum(call: NodeCall): Value {
  const equation = call.string("equation", "").replace(/\s/g, "");
  const [left, resultText, ...more] = equation.split("->");
  const texts = left!.split(",");
  if (more.length > 0 || texts.length !== call.count) {
    throw refused(equation, `does not have a term for each of ${call.count} inputs`);
  }
  const terms = texts.map((text, i) => {
    const value = call.value(i);
    return { value, labels: labelsOf(equation, text, value.shape.length) };
  });
  const result = resultLabels(equation, resultText, terms);
  const parts = terms.map(withoutRepeats);
  const final = parts.slice(1).reduce((sum, part, i) => {
    const later = parts.slice(i + 2).flatMap(({ labels }) => labels);
    return multiplyTerms(sum, part, new Set([...result, ...later]));
  }, parts[0]!);
  return inAxisOrder(sumOut(final, new Set(result)), result);
}

/** The rule of Einsum, sums of products by an equation. */
export const einsumRules: Readonly<Record<string, Rule>> = { Einsum: einsum };
