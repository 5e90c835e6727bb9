import { GraphBuilder } from "../../ml/onnx/graph_builder.ts";
import { readModel } from "../../ml/onnx/read_model.ts";
import { type GraphPass, OPTIMIZED } from "../../ml/lower/passes.ts";
import { plainTile } from "../../ml/lower/plain.ts";
import { lowerProgram } from "../../ml/lower/program.ts";
import type { Pattern, Tile } from "../../ml/lower/tile.ts";
import { topologicalOrder } from "../../ml/graph/traverse.ts";
import type { Value } from "../../ml/graph/value.ts";
import {
  conv2d,
  crossEntropy,
  dense,
  flatten,
  maxPool2d,
  relu,
  sequential,
  sgd,
} from "../../ml/mod.ts";
import { ONLY } from "../../ml/train/parts.ts";
import { type Recipe, trainingProgram } from "../../ml/train/programs.ts";
import { difference, fullListing, type Line, listGraph } from "./listing.ts";
import { constantsOf, showNode } from "./show_onnx.ts";

/** The graph after one of the compiler's stages. */
export interface Stage {
  /** The name of the pass, or of another step. */
  readonly title: string;
  readonly text: string;
}

/** Convolution → relu → max-pool → dense, as small as possible: three classes, images of 6 × 6. */
const RECIPE: Recipe = {
  network: sequential(
    conv2d({ name: "conv", out: 2, kernel: 3 }),
    relu(),
    maxPool2d(2),
    flatten(),
    dense({ name: "fc", out: 3 }),
  ),
  inputs: new Map([[ONLY, { shape: [1, 6, 6], normalize: { mean: 0.5, deviation: 0.5 } }]]),
  losses: new Map([[ONLY, crossEntropy()]]),
  optimizer: sgd({ learningRate: 0.001, momentum: 0.9 }),
};

/** Smallest batch for which all passes apply (`MIN_INNERMOST_BATCH`). */
const BATCH = 8;

/** A pattern that matched. */
interface Firing {
  readonly pattern: string;
  readonly value: Value;
  readonly tile: Tile;
}

/** The values that a tile computes, operands first. */
function covered({ value, tile }: Firing): Value[] {
  const outside = new Set(topologicalOrder(tile.inputs));
  return topologicalOrder([value]).filter((inner) => !outside.has(inner));
}

/** The ONNX nodes of some tiles, in order. */
function emitted(tiles: readonly (readonly [Value, Tile])[]): string[] {
  const builder = new GraphBuilder();
  const names = new Map<Value, string>();
  const nameOf = (value: Value) => {
    if (value.primitive === "input") return value.attributes.name;
    return names.get(value) ?? `${value.primitive}(…)`;
  };
  for (const [value, tile] of tiles) {
    names.set(value, tile.emit(builder, tile.inputs.map(nameOf)));
  }
  const graph = builder.build("tile", [], []);
  return graph.node.map((node) => showNode(node, constantsOf(graph)));
}

function showFiring(firing: Firing): string {
  const plain = covered(firing).flatMap((value) =>
    value.primitive === "input" ? [] : [[value, plainTile(value)] as const]
  );
  const without = emitted(plain).map((node) => `‹ ${node}`);
  const withPattern = emitted([[firing.value, firing.tile]]).map((node) => `› ${node}`);
  return [...without, ...withPattern].join("\n");
}

/** Each pattern that matched, where it matched first: the nodes without it (‹) and with it (›). */
function patternStages(firings: readonly Firing[]): Stage[] {
  const first = new Map<string, Firing>();
  for (const firing of firings) {
    if (!first.has(firing.pattern)) first.set(firing.pattern, firing);
  }
  return [...first].map(([title, firing]) => ({ title, text: showFiring(firing) }));
}

/** The resulting model: the part before the loop, and the loop's body. */
function modelStage(bytes: Uint8Array): Stage {
  const { graph } = readModel(bytes);
  const constants = constantsOf(graph);
  const lines = graph.node.flatMap((node) => {
    const body = node.attribute.find(({ name }) => name === "body")?.g;
    if (body === undefined) return [showNode(node, constants)];
    const inner = body.node.map((step) => `  ${showNode(step, constants)}`);
    return ["Scan, for each step:", ...inner];
  });
  return { title: "lowerProgram", text: lines.join("\n") };
}

/** Compiles a small network and shows the graph after each stage. */
export function stages(): Stage[] {
  const shown: Stage[] = [];
  let traced: Line[] | undefined;
  const watched = (pass: GraphPass): GraphPass => (outputs) => {
    const before = listGraph(outputs);
    if (traced === undefined) shown.push({ title: "trace", text: fullListing(before) });
    const next = pass(outputs);
    traced = listGraph(next);
    shown.push({ title: pass.name, text: difference(before, traced) });
    return next;
  };
  const firings: Firing[] = [];
  const noting = (pattern: Pattern): Pattern => (value, facts) => {
    const tile = pattern(value, facts);
    if (tile !== undefined) firings.push({ pattern: pattern.name, value, tile });
    return tile;
  };
  const optimizations = {
    passes: OPTIMIZED.passes.map(watched),
    patterns: OPTIMIZED.patterns.map(noting),
  };
  const target = new Map([[ONLY, { dtype: "uint8", shape: [] } as const]]);
  const variant = { batch: BATCH, scheduled: false, weighted: false, proximal: false };
  const program = trainingProgram(RECIPE, target, variant, optimizations);
  const results = [
    ...program.stacked.map(({ value }) => value),
    ...program.state.map((s) => s.next),
  ];
  shown.push({ title: "trainingProgram", text: fullListing(listGraph(results), traced) });
  const model = lowerProgram(program, optimizations.patterns);
  return [...shown, ...patternStages(firings), modelStage(model)];
}
