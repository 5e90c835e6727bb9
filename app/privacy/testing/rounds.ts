import { FakeClock } from "../../../base/clock.ts";
import type { NodeId } from "../../../entities/metadata.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { ArrayRecord } from "../../array_record.ts";
import { ConfigRecord } from "../../config_record.ts";
import type { ProgressEvent } from "../../events.ts";
import { type Answer, FakeDriver } from "../../fake_driver.ts";
import { Grid } from "../../grid.ts";
import type { Message } from "../../message.ts";
import { MetricRecord } from "../../metric_record.ts";
import type { MetricInput } from "../../typed_value.ts";
import type { Round, Strategy, TrainOutcome } from "../../strategy/strategy.ts";
import { instruction } from "../../testing.ts";
import type { NoiseSource } from "../noise_source.ts";

/** No noise at all, and a note of the deviations that were asked for. */
export function forTestsNoNoise(): NoiseSource & { readonly deviations: number[] } {
  const deviations: number[] = [];
  return {
    deviations,
    gaussian: (_values, deviation) => void deviations.push(deviation),
    laplace: (_values, scale) => void deviations.push(scale),
  };
}

/** A model of one float64 vector "w", and perhaps a scalar "s". */
export function modelOf(w: readonly number[], s?: number): Map<string, Tensor> {
  const model = new Map<string, Tensor>([[
    "w",
    tensor("float64", [w.length], Float64Array.from(w)),
  ]]);
  if (s !== undefined) model.set("s", tensor("float64", [], Float64Array.of(s)));
  return model;
}

/** What a node answers. */
export interface NodeAnswer {
  readonly nodeId: NodeId;
  readonly model: ReadonlyMap<string, Tensor>;
  readonly metrics?: { readonly [name: string]: MetricInput };
}

/** The reply of a node; its weight is 1 unless the metrics have another. */
export function replyOf({ nodeId, model, metrics }: NodeAnswer): Message {
  return instruction({ dstNodeId: nodeId }).reply({
    arrays: ArrayRecord.fromTensors(model),
    metrics: new MetricRecord({ "num-examples": 1, ...metrics }),
  });
}

/** A round without nodes, and the events that it reports. */
export function roundOf(
  sent: ReadonlyMap<string, Tensor>,
  number = 1,
): Round & { readonly events: ProgressEvent[] } {
  const grid = new Grid(new FakeDriver([], () => undefined), 7n, { clock: new FakeClock() });
  const events: ProgressEvent[] = [];
  grid.subscribe((event) => events.push(event));
  return {
    number,
    arrays: ArrayRecord.fromTensors(sent),
    config: new ConfigRecord(),
    grid,
    events,
  };
}

/** Aggregates one round's answers. */
export async function aggregate(
  strategy: Strategy,
  sent: ReadonlyMap<string, Tensor>,
  answers: readonly NodeAnswer[],
  number = 1,
): Promise<TrainOutcome & { readonly events: ProgressEvent[] }> {
  const round = roundOf(sent, number);
  return { ...await strategy.aggregateTrain(round, answers.map(replyOf)), events: round.events };
}

/** The elements of an outcome's array. */
export function elementsOf({ arrays }: TrainOutcome, name = "w"): number[] {
  return [...arrays!.tensors().get(name)!.data].map(Number);
}

/** A grid with nodes that train as told, one answer per node, and evaluate nothing. */
export function gridOf(nodes: readonly NodeId[], answer: Answer) {
  const driver = new FakeDriver([...nodes], answer);
  const grid = new Grid(driver, 7n, { clock: new FakeClock() });
  const events: ProgressEvent[] = [];
  grid.subscribe((event) => events.push(event));
  return { driver, grid, events };
}
