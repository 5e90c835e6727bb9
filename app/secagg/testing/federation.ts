import type { Clock } from "../../../base/clock.ts";
import type { NodeId } from "../../../entities/metadata.ts";
import { tensor } from "../../../tensor/tensor.ts";
import { ArrayRecord } from "../../array_record.ts";
import { ClientApp } from "../../client_app.ts";
import type { ClientMod } from "../../client_mod.ts";
import { ConfigRecord } from "../../config_record.ts";
import type { Context, RegisteredKey } from "../../context.ts";
import { FakeDriver } from "../../fake_driver.ts";
import { Grid } from "../../grid.ts";
import { translateAtNode } from "../../legacy/messages.ts";
import type { Message } from "../../message.ts";
import { MetricRecord } from "../../metric_record.ts";
import { RecordDict } from "../../record_dict.ts";
import type { Result } from "../../result.ts";
import type { Strategy } from "../../strategy/strategy.ts";
import { CONFIGS } from "../records.ts";
import { secAggPlusMod } from "../secaggplus_mod.ts";

/** Replaces the answer to an instruction. Undefined: keeps it. */
export type Tamper = (
  instruction: Message,
  reply: Message,
  stage: string | undefined,
) => Message | undefined;

/** A federation in one process, whose nodes have the mod. */
export interface FederationOptions {
  /** Number of nodes; their ids are 101, 102, … */
  readonly nodes: number;
  /** Elements of the model's first array; the second has 3. Default: 4. */
  readonly elements?: number;
  /** Replaces answers. Default: none. */
  readonly tamper?: Tamper;
  /** Whether a node never answers an instruction. Default: all answer. */
  readonly isSilent?: (instruction: Message, stage: string | undefined) => boolean;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Default: {@link secAggPlusMod}. */
  readonly mods?: readonly ClientMod[];
  /** Default: 10 · place + 10. */
  readonly numExamples?: (place: number) => number;
  /** The nodes' registered keys. Default: none. */
  readonly identities?: ReadonlyMap<NodeId, RegisteredKey>;
}

/** The ids of a federation's nodes. */
export function nodeIds(count: number): NodeId[] {
  return Array.from({ length: count }, (_, i) => 101n + BigInt(i));
}

/** The stage that an instruction asks for; undefined outside of SecAgg+. */
export function stageOf(instruction: Message): string | undefined {
  const configs = instruction.content.configRecords.get(CONFIGS);
  return configs?.string("stage");
}

/** A federation's driver and grid, and what its nodes know. */
export class Federation {
  readonly ids: NodeId[];
  readonly driver: FakeDriver;
  readonly grid: Grid;
  readonly contexts: ReadonlyMap<NodeId, Context>;
  readonly initial: ArrayRecord;
  readonly notes: string[] = [];
  /** The stages of the answers, one for each. */
  readonly answered: (string | undefined)[] = [];
  readonly #models: ReadonlyMap<NodeId, { w: Float32Array; b: Float32Array; numExamples: number }>;

  constructor(options: FederationOptions) {
    const { nodes, elements = 4, tamper, isSilent, clock, mods, numExamples, identities } = options;
    this.ids = nodeIds(nodes);
    const examples = numExamples ?? ((place: number) => 10 * place + 10);
    this.#models = new Map(this.ids.map((id, place) => [id, {
      w: Float32Array.from({ length: elements }, (_, i) => Math.sin(i + 7 * place)),
      b: Float32Array.of(place, -place, 0.5),
      numExamples: examples(place),
    }]));
    this.contexts = new Map(
      this.ids.map((id) => [id, { ...contextOf(id), registeredKey: identities?.get(id) }]),
    );
    const apps = new Map(this.ids.map((id) => [id, this.#app(id, mods ?? [secAggPlusMod()])]));
    this.initial = record(new Float32Array(elements), new Float32Array(3));
    this.driver = new FakeDriver(this.ids, async (asked) => {
      const nodeId = asked.metadata.dstNodeId;
      if (isSilent?.(asked, stageOf(asked))) return undefined;
      const { instruction, reply } = translateAtNode(asked);
      const context = this.contexts.get(nodeId)!;
      const answer = reply(await apps.get(nodeId)!.handle(instruction, context));
      this.answered.push(stageOf(asked));
      return tamper?.(asked, answer, stageOf(asked)) ?? answer;
    });
    this.grid = new Grid(this.driver, 7n, { clock });
    this.grid.subscribe((event) => {
      if (event.type === "note") this.notes.push(event.text);
    });
  }

  /** Runs a strategy without evaluation. */
  run(strategy: Strategy, numRounds = 1): Promise<Result> {
    return strategy.start(this.grid, { numRounds, initialArrays: this.initial });
  }

  /** The weighted mean of some nodes' models, computed in the clear. */
  mean(ids: readonly NodeId[]): { w: number[]; b: number[] } {
    const models = ids.map((id) => this.#models.get(id)!);
    const total = models.reduce((sum, { numExamples }) => sum + numExamples, 0);
    const average = (name: "w" | "b") =>
      Array.from(
        models[0]![name],
        (_, i) =>
          models.reduce((sum, model) => sum + model[name][i]! * model.numExamples / total, 0),
      );
    return { w: average("w"), b: average("b") };
  }

  #app(nodeId: NodeId, mods: readonly ClientMod[]): ClientApp {
    const { w, b, numExamples } = this.#models.get(nodeId)!;
    return new ClientApp().train(() => ({
      arrays: record(w, b),
      metrics: new MetricRecord({ "num-examples": numExamples, loss: 0.5 }),
    }), { mods });
  }
}

function record(w: Float32Array, b: Float32Array): ArrayRecord {
  return ArrayRecord.fromTensors({
    w: tensor("float32", [w.length], w),
    b: tensor("float32", [3], b),
  });
}

/** The context of a node of the run 7, with empty settings and state. */
export function contextOf(nodeId: NodeId): Context {
  return {
    runId: 7n,
    nodeId,
    nodeConfig: new ConfigRecord(),
    state: new RecordDict(),
    runConfig: new ConfigRecord(),
  };
}
