import { topologicalOrder } from "../graph/traverse.ts";
import type { Node, Value } from "../graph/value.ts";
import { GraphBuilder, type ValueInfo } from "../onnx/graph_builder.ts";
import type { GraphProto } from "../onnx/message/messages.ts";
import { modelBytes } from "../onnx/model.ts";
import { emit } from "./emit.ts";
import { withFreeRows } from "./free_rows.ts";
import type { Pattern } from "./tile.ts";

/** A value with its name outside the graph. */
export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

/** A loop over steps, all of it inside one graph. */
export interface Program {
  /**
   * Values carried from step to step: an input, and its next value. The outputs have the inputs' names with a prime.
   */
  readonly state: readonly { readonly input: Node<"input">; readonly next: Value }[];
  /** Inputs of which each step reads one row; callers feed them with a leading axis of steps. */
  readonly scanned: readonly Node<"input">[];
  /** Inputs that are the same in all steps. */
  readonly captured: readonly Node<"input">[];
  /** Values that each step yields: one row per step. */
  readonly stacked: readonly NamedValue[];
  /** Whether it cannot have images in blocks of channels (default: it can). */
  readonly withoutBlocks?: boolean;
  /** How the number of rows can differ from step to step (default: it is always the same). */
  readonly free?: FreeRows;
}

/** The form of a program whose steps have different numbers of rows, up to those that the program has. */
export interface FreeRows {
  /** The same program for fewer rows: what differs depends on the number of rows. */
  readonly fewer: Program;
  /** Number of rows of the program, and of the one for fewer. */
  readonly rows: readonly [number, number];
  /** The scanned input with the number of rows, int64 [1], from 1. */
  readonly count: Node<"input">;
  /** The scanned inputs with one entry per row. They are fed with the most rows. */
  readonly cut: readonly Node<"input">[];
  /** The program to use if the two differ in more than lengths. */
  otherwise(): Program;
}

/** The name of the output with a state's value after the last step. */
export function nextName(name: string): string {
  return `${name}'`;
}

/** The name of the input with a state's first value. */
export function startOf(name: string): string {
  return `${name}.start`;
}

/** The name of the input with the rows of all steps, [steps, …]. */
export function stepsName(name: string): string {
  return `${name}.steps`;
}

/** All values that a step computes: the next states, then the stacked values. */
export function resultsOf({ state, stacked }: Program): Value[] {
  return [...state.map(({ next }) => next), ...stacked.map(({ value }) => value)];
}

function info({ attributes: { name, freeRows }, dtype, shape }: Node<"input">): ValueInfo {
  return { name, dtype, shape: freeRows ? [null, ...shape.slice(1)] : shape };
}

function perStep({ name, dtype, shape }: ValueInfo): ValueInfo {
  return { name, dtype, shape: [null, ...shape] };
}

/**
 * Lowers a loop to an ONNX model: one Scan whose body is the step. Values that do not change between steps are computed
 * once, before the loop. All steps have the number of rows that the program was built for.
 *
 * @returns the bytes of the model file; its inputs and outputs are named as in {@link Program}
 */
export function lowerProgram(
  program: Program,
  patterns: readonly Pattern[],
): Uint8Array<ArrayBuffer> {
  return modelBytes(programGraph(program, patterns));
}

/**
 * Lowers a loop whose steps have different numbers of rows, as {@link lowerProgram} does.
 *
 * @returns undefined if the program needs more than other lengths for other numbers of rows
 */
export function lowerFreeRows(
  program: Program,
  { fewer, rows, count, cut }: FreeRows,
  patterns: readonly Pattern[],
): Uint8Array<ArrayBuffer> | undefined {
  const graph = withFreeRows({
    graphs: [programGraph(program, patterns), programGraph(fewer, patterns)],
    rows,
    count: count.attributes.name,
    cut: cut.map(({ attributes: { name } }) => name),
  });
  return graph && modelBytes(graph);
}

function programGraph(program: Program, patterns: readonly Pattern[]): GraphProto {
  const results = resultsOf(program);
  const changing = new Set<Value>([...program.state.map(({ input }) => input), ...program.scanned]);
  for (const value of topologicalOrder(results)) {
    if (value.inputs.some((input) => changing.has(input))) changing.add(value);
  }

  const states = program.state.map(({ input }) => info(input));
  const scanned = program.scanned.map(info);
  const outer = new GraphBuilder();
  const body = outer.body([...states, ...scanned].map(({ name }) => name));
  const names = emit(results, patterns, (value) => changing.has(value) ? body : outer);

  const taken = new Set<string>();
  const bodyOutputs = results.map(({ dtype, shape }, i): ValueInfo => {
    let name = names.get(results[i]!)!;
    // ONNX requires each output of a body to be a result of the body itself, and to appear once.
    if (!body.makes(name) || taken.has(name)) name = body.alias(`%step.${i}`, name);
    taken.add(name);
    return { name, dtype, shape };
  });
  // Inside the body a state has the plain name; outside, the name under which the model is fed.
  const graph: GraphProto = body.build("step", [...states, ...scanned], bodyOutputs);
  const stacked = program.stacked.map(({ name, value: { dtype, shape } }) =>
    perStep({ name, dtype, shape })
  );
  const finals = states.map((state) => ({ ...state, name: nextName(state.name) }));
  outer.named(
    "Scan",
    [...states.map(({ name }) => startOf(name)), ...scanned.map(({ name }) => stepsName(name))],
    [...finals, ...stacked].map(({ name }) => name),
    { body: { graph }, num_scan_inputs: { int: scanned.length } },
  );
  return outer.build(
    "program",
    [
      ...states.map((state) => ({ ...state, name: startOf(state.name) })),
      ...scanned.map((input) => perStep({ ...input, name: stepsName(input.name) })),
      ...program.captured.map(info),
    ],
    [...finals, ...stacked],
  );
}

/** Lowers values without a loop to an ONNX model whose inputs and outputs have the given names. */
export function lowerGraph(
  inputs: readonly Node<"input">[],
  outputs: readonly NamedValue[],
  patterns: readonly Pattern[],
): Uint8Array<ArrayBuffer> {
  const builder = new GraphBuilder();
  const names = emit(outputs.map(({ value }) => value), patterns, () => builder);
  for (const { name, value } of outputs) builder.alias(name, names.get(value)!);
  return modelBytes(builder.build(
    "graph",
    inputs.map(info),
    outputs.map(({ name, value: { dtype, shape } }) => ({ name, dtype, shape })),
  ));
}
