import { seededRandom } from "../../base/random.ts";
import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";
import { conv, maxPool } from "../graph/convolution.ts";
import { abs, add, relu, sub } from "../graph/elementwise.ts";
import { reshape } from "../graph/movement.ts";
import { reduceMax, reduceMean } from "../graph/reduce.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import { input, type Node, type Value } from "../graph/value.ts";
import { blockConvolutions, canBeBlocked } from "../lower/blocked/block_convolutions.ts";
import { canPackPools } from "../lower/blocked/pack_pools.ts";
import { blockedPatterns } from "../lower/blocked/with_blocks.ts";
import { lowerGraph } from "../lower/program.ts";
import type { Engine, StartEngine } from "../engine/engine.ts";

/** Channels of a block that ONNX Runtime has operators for, on processors with AVX-512 and on others. */
const BLOCK_SIZES = [16, 8] as const;

/** Largest error of convolutions on blocks, relative to the largest number, that is rounding. */
const MAX_BLOCK_ERROR = 1e-5;

/** What the engines that a function starts were found to have; they are all on this machine. */
const found = new WeakMap<StartEngine, Promise<number | undefined>>();

/** The key that the network to try is opened under. */
const KEY = "%blocks";

/** A small network with all that is done on blocks: images of few channels, bias, relu, depthwise, sums, means, maxima. */
function network(block: number): { inputs: Node<"input">[]; output: Value } {
  const inputs: Node<"input">[] = [];
  const source = (...shape: number[]) => {
    const value = input(`x${inputs.length}`, "float32", shape) as Node<"input">;
    inputs.push(value);
    return value;
  };
  const x = source(2, 3, 5, 4);
  const bias = reshape(source(2 * block), [1, 2 * block, 1, 1]);
  const first = relu(add(conv(x, source(2 * block, 3, 3, 3), { padding: 1 }), bias));
  const depthwise = conv(first, source(2 * block, 1, 3, 3), { padding: 1, groups: 2 * block });
  const second = add(add(depthwise, bias), first);
  // A single block: where models are checked before they run (`onnx/blocked_nodes.ts`), small blocks are refused, and so
  // there must be none.
  const third = conv(second, source(block, 2 * block, 3, 2), { stride: 2, padding: 1 });
  const centred = add(third, reduceMean(third, { axes: [0, 2, 3], keep: true }));
  return { inputs, output: maxPool(centred, 2, { stride: 1 }) };
}

/** Whether convolutions on blocks of so many channels come out as those without do. */
async function isRight(engine: Engine, block: number): Promise<boolean> {
  const { inputs, output } = network(block);
  const [blocked] = blockConvolutions(block)([output]);
  const scale = reduceMax(abs(output));
  const error = reduceMax(abs(sub(output, blocked!)));
  const outputs = [{ name: "scale", value: scale }, { name: "error", value: error }];
  const random = seededRandom(1);
  const given = inputs.map(({ attributes: { name }, shape }) => {
    const data = Float32Array.from({ length: elementCount(shape) }, () => random.uniform() - 0.5);
    return [name, tensor("float32", shape, data) as Tensor] as const;
  });
  try {
    await engine.load(KEY, lowerGraph(inputs, outputs, blockedPatterns(block)));
    const returned = outputs.map(({ name }) => name);
    const run = await engine.run({ model: KEY, stored: [], given, kept: [], returned });
    await engine.unload(KEY);
    const [size, distance] = run.returned.map(({ data }) => Number(data[0]));
    return size! > 0 && distance! <= MAX_BLOCK_ERROR * size!;
  } catch {
    // These operators are ONNX Runtime's own affair: where it refuses them, for whatever reason, there are none.
    return false;
  }
}

async function find(engine: Engine): Promise<number | undefined> {
  for (const block of BLOCK_SIZES) {
    if (await isRight(engine, block)) return block;
  }
  return undefined;
}

/**
 * How many channels ONNX Runtime's operators on blocks of channels take together on this machine, found out by
 * computing a small network with them and without; undefined where it has none. It depends on the processor, and no
 * call tells it.
 *
 * @param startEngine what started the engine: what one of its engines has, all have
 */
export function blockSize(
  engine: Engine,
  startEngine: StartEngine,
): Promise<number | undefined> {
  const known = found.get(startEngine);
  if (known !== undefined) return known;
  const finding = find(engine);
  found.set(startEngine, finding);
  return finding;
}

/**
 * Whether a graph has convolutions that would be computed on blocks, if there are operators for it.
 *
 * @param forwardOnly whether the graph is not differentiated
 */
export function wantsBlocks(outputs: readonly Value[], forwardOnly: boolean): boolean {
  const isWanted = topologicalOrder(outputs).some((value) =>
    value.primitive === "conv" && BLOCK_SIZES.some((block) => canBeBlocked(value, block))
  );
  return isWanted || forwardOnly && BLOCK_SIZES.some((block) => canPackPools(outputs, block));
}
