import type { Tensor } from "../../tensor/tensor.ts";
import type { Value } from "../graph/value.ts";
import { withBlocks } from "../lower/blocked/with_blocks.ts";
import {
  lowerFreeRows,
  lowerProgram,
  nextName,
  type Program,
  resultsOf,
  startOf,
  stepsName,
} from "../lower/program.ts";
import type { Optimizations } from "../lower/passes.ts";
import type { Device } from "../engine/device.ts";
import type { Engine, EngineCompute, NamedTensor, Run, StartEngine } from "../engine/engine.ts";
import { blockSize, wantsBlocks } from "./block_size.ts";
import type { DatasetParts } from "./dataset.ts";
import { inputName, NAMES, targetName } from "./programs.ts";
import { ResidentData } from "./resident_data.ts";
import { SliceLength } from "./slices.ts";

/** A program that is open in the engine. */
export interface LoadedProgram {
  readonly key: string;
  readonly program: Program;
  /** Number of steps per slice of this program. */
  readonly length: SliceLength;
}

/** Keeps programs, data and parameters in one engine, and starts the engine when it is first needed. */
export class Executor implements AsyncDisposable {
  readonly #optimizations: Optimizations;
  readonly #startEngine: StartEngine;
  readonly #device: Device;
  readonly #programs = new Map<string, { variant: string; loading: Promise<LoadedProgram> }>();
  #threads: number;
  #running?: Promise<{ engine: Engine; data: ResidentData }>;

  /**
   * Creates an executor without starting its engine.
   *
   * @param compute device, and number of threads until {@link useThreads} changes it
   * @param startEngine starts the engine
   */
  constructor(
    { threads, device }: EngineCompute,
    optimizations: Optimizations,
    startEngine: StartEngine,
  ) {
    this.#optimizations = optimizations;
    this.#threads = threads;
    this.#device = device;
    this.#startEngine = startEngine;
  }

  /** Sets the number of threads. Data and parameters stay; programs are opened again. */
  async useThreads(threads: number): Promise<void> {
    if (threads === this.#threads) return;
    this.#threads = threads;
    this.#programs.clear();
    if (this.#running !== undefined) await (await this.engine()).useThreads(threads);
  }

  /** The engine; starts it if it is not running. */
  async engine(): Promise<Engine> {
    return (await this.#start()).engine;
  }

  /**
   * Opens the program of a key; `build` creates it if it is not open yet.
   *
   * @param variant one program per variant is open at a time
   */
  program(
    key: string,
    build: (optimizations: Optimizations) => Program,
    variant = "",
  ): Promise<LoadedProgram> {
    const known = this.#programs.get(key);
    if (known?.variant === variant) return known.loading;
    const opened = { variant, loading: this.#load(key, build) };
    this.#programs.set(key, opened);
    opened.loading.catch(() => {
      if (this.#programs.get(key) === opened) this.#programs.delete(key);
    });
    return opened.loading;
  }

  /** Stores tensors of data in the engine's memory unless they are there, and returns their names there. */
  async data(tensors: readonly { value: Tensor; flat: boolean }[]): Promise<string[]> {
    return await (await this.#start()).data.store(tensors);
  }

  /** Stores variables in the engine's memory. */
  async write(tensors: readonly NamedTensor[]): Promise<void> {
    await (await this.engine()).write(tensors);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    this.#programs.clear();
    if (running !== undefined) await (await running).engine[Symbol.asyncDispose]();
  }

  #start() {
    this.#running ??= this.#startEngine({ threads: this.#threads, device: this.#device })
      .then((engine) => ({ engine, data: new ResidentData(engine) }));
    return this.#running;
  }

  async #load(
    key: string,
    build: (optimizations: Optimizations) => Program,
  ): Promise<LoadedProgram> {
    let program = build(this.#optimizations);
    let { patterns } = this.#optimizations;
    // Only programs that change parameters are differentiated.
    const forwardOnly = program.state.length === 0;
    const asItStands = forwardOnly ? build({ ...this.#optimizations, passes: [] }) : program;
    const block = program.withoutBlocks
      ? undefined
      : await this.#blockFor([program, asItStands].flatMap(resultsOf), forwardOnly);
    if (block !== undefined) {
      const optimizations = withBlocks(this.#optimizations, block, forwardOnly);
      program = build(optimizations);
      patterns = optimizations.patterns;
    }
    let model: Uint8Array | undefined;
    while (model === undefined && program.free !== undefined) {
      model = lowerFreeRows(program, program.free, patterns);
      if (model === undefined) program = program.free.otherwise();
    }
    model ??= lowerProgram(program, patterns);
    await (await this.engine()).load(key, model);
    return { key, program, length: new SliceLength() };
  }

  /** Channels of a block for a graph's convolutions; undefined if it does not use blocks. */
  async #blockFor(results: readonly Value[], forwardOnly: boolean): Promise<number | undefined> {
    const mayHave = this.#optimizations.blocks === true && this.#device === "cpu";
    return mayHave && wantsBlocks(results, forwardOnly)
      ? await blockSize(await this.engine(), this.#startEngine)
      : undefined;
  }
}

/**
 * A run of some steps of a program. The state and the captured inputs are read from the memory.
 *
 * @param data names in the memory, by the program's names of its data
 * @param given inputs of which each step reads one row, by name, [steps, …]; inputs that the program does not have are
 * left out
 */
export function programRun(
  { key, program }: LoadedProgram,
  data: ReadonlyMap<string, string>,
  given: readonly NamedTensor[],
): Run {
  const states = program.state.map(({ input }) => input.attributes.name);
  const scanned = new Set(program.scanned.map(({ attributes: { name } }) => name));
  const captured = program.captured.map(({ attributes: { name } }) => name);
  return {
    model: key,
    stored: [
      ...states.map((name) => [startOf(name), name] as const),
      ...captured.map((name) => [name, data.get(name) ?? name] as const),
    ],
    given: given.filter(([name]) => scanned.has(name))
      .map(([name, value]) => [stepsName(name), value] as const),
    kept: states.map((name) => [nextName(name), name] as const),
    returned: program.stacked.map(({ name }) => name),
  };
}

/**
 * Stores data in the engine's memory unless they are there.
 *
 * @returns the programs' names of the data, each with its name in the memory
 */
export async function storeData(
  executor: Executor,
  { x, y, weights }: Pick<DatasetParts, "x"> & Partial<DatasetParts>,
): Promise<Map<string, string>> {
  const wanted = [
    ...[...x].map(([part, value]) => ({ name: inputName(part), value, flat: true })),
    ...[...y ?? []].map(([part, value]) => ({ name: targetName(part), value, flat: false })),
  ];
  if (weights !== undefined) {
    wanted.push({ name: NAMES.exampleWeights, value: weights, flat: false });
  }
  const stored = await executor.data(wanted);
  return new Map(wanted.map(({ name }, i) => [name, stored[i]!]));
}
