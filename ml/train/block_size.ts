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

/** Block sizes, in channels, that ONNX Runtime has operators for: 16 on processors with AVX-512, 8 on others. */
const BLOCK_SIZES = [16, 8] as const;

/** Largest error of convolutions on blocks, relative to the largest number, that still counts as rounding. */
const MAX_BLOCK_ERROR = 1e-5;

/** The block size per function that starts engines: all engines that it starts run on this machine. */
const found = new WeakMap<StartEngine, Promise<number | undefined>>();

/** The key under which the network for the test is opened. */
const KEY = "%blocks";

/**
 * A small network with all operations on blocks: images of few channels, bias, relu, depthwise, sums, means, maxima.
 */
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
  // A single block: where models are checked before they run (`onnx/blocked_nodes.ts`), small blocks are refused, so
  // this network must not have any.
  const third = conv(second, source(block, 2 * block, 3, 2), { stride: 2, padding: 1 });
  const centred = add(third, reduceMean(third, { axes: [0, 2, 3], keep: true }));
  return { inputs, output: maxPool(centred, 2, { stride: 1 }) };
}

/** Whether convolutions on blocks of `block` channels have the same results as those without. */
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
    // These operators are internal to ONNX Runtime: if it refuses them for any reason, blocks are not used.
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
 * The block size, in channels, of ONNX Runtime's operators on blocks of channels on this machine; undefined if it has
 * none. It depends on the processor, and ONNX Runtime has no call to ask for it, so a small network is computed with
 * blocks and without.
 *
 * @param startEngine the function that started the engine; its engines all have the same block size
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
 * Whether a graph has convolutions that would be computed on blocks if there are operators for it.
 *
 * @param forwardOnly whether the graph is not differentiated
 */
export function wantsBlocks(outputs: readonly Value[], forwardOnly: boolean): boolean {
  const isWanted = topologicalOrder(outputs).some((value) =>
    value.primitive === "conv" && BLOCK_SIZES.some((block) => canBeBlocked(value, block))
  );
  return isWanted || forwardOnly && BLOCK_SIZES.some((block) => canPackPools(outputs, block));
}
