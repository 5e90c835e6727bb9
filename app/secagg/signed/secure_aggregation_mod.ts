import { FlwrError } from "../../../base/error.ts";
import { checkOptionNames, type OptionNames } from "../../../base/option_names.ts";
import {
  advertise,
  agree,
  maskVector,
  openShares,
  reveal,
  share,
  type Trust,
} from "../../../secagg/signed/node.ts";
import {
  type NodeState,
  type Shared,
  type Stage,
  STAGES,
} from "../../../secagg/signed/node_state.ts";
import type { RingVector } from "../../../secagg/signed/ring_vector.ts";
import type { RoundSettings } from "../../../secagg/signed/settings.ts";
import { tensor } from "../../../tensor/tensor.ts";
import { ArrayRecord } from "../../array_record.ts";
import { checkCount, checkNumber } from "../../../base/check_option.ts";
import type { ClientMod, Respond } from "../../client_mod.ts";
import { ConfigRecord } from "../../config_record.ts";
import type { Context, RegisteredKey } from "../../context.ts";
import { CURRENT_NAMES } from "../../legacy/names.ts";
import type { Message } from "../../message.ts";
import { isConfigRecord, RecordDict } from "../../record_dict.ts";
import { asShareable } from "../../shareable.ts";
import { readIds } from "../records.ts";
import { trainedModel } from "../trained_model.ts";
import { addToHistory, checkHistory } from "./history.ts";
import { instructionHash, onlyModel } from "./instruction_hash.ts";
import { type Quantised, quantiseModel } from "./model_vector.ts";
import { noisePlan, privateVector } from "./private_vector.ts";
import {
  addressedFromRecord,
  addressedToRecord,
  advertisementToRecord,
  byNodeFromRecord,
  byNodeToRecord,
  KEYS,
  participantsFromRecord,
  PROTOCOL_RECORD,
  settingsFromRecord,
  STATE_RECORD,
  VECTOR,
  VECTOR_RECORD,
} from "./records.ts";
import { stateFromRecord, stateToRecord } from "./state_record.ts";

/** Options of {@link secureAggregationMod}. */
export interface SecureAggregationModOptions {
  /**
   * Minimum number of nodes in a sum with this node, from 2: rounds with a lower threshold are refused. A server that
   * cheats may choose small rounds, but as long as fewer than half of `minNodes` nodes collude with it, it learns only
   * sums. Default: 2, the threshold of a round of three nodes.
   */
  readonly minNodes?: number;
  /**
   * Minimum noise in a sum: its standard deviation ÷ the clipping norm, from 0. Rounds with less noise are refused.
   * Only the noise of nodes that do not collude counts. The number of colluding nodes is taken to be as many as the
   * protocol tolerates, 2 · threshold − nodes − 1, or the round's `colluding` if that is more. Default: 0, which also
   * accepts sums without noise.
   */
  readonly minNoiseMultiplier?: number;
  /**
   * Maximum number of rounds of one run in which the node sends its masked update, from 1. Later rounds are refused.
   * Each sum reveals more about the nodes in it, and noise averages out over rounds. Default: no limit.
   */
  readonly maxRounds?: number;
  /**
   * Whether the node takes part without a registered key, and accepts keys that are not signed. A server in the middle
   * could then read its model. Only for tests and simulations. Default: false.
   */
  readonly unsignedKeysForTests?: boolean;
}

const NAMES: OptionNames<SecureAggregationModOptions> = {
  minNodes: true,
  minNoiseMultiplier: true,
  maxRounds: true,
  unsignedKeysForTests: true,
};

/**
 * A client modifier for secure aggregation among TypeScript nodes, for `SecureAggregation`. The server learns sums of
 * models, numbers of examples and metrics, each over at least as many nodes as the threshold requires, and nothing
 * about a single node. This holds even if the server cheats: see docs/secure-aggregation.md.
 *
 * The handler trains as usual: it returns one ArrayRecord, and a MetricRecord `metrics` with `num-examples`. The node
 * needs a registered key and the list of those that its owner trusts: `flwr supernode --auth-supernode-private-key FILE
 * --trusted-node-keys FILE`. An instruction to train outside of the protocol is refused. The server learns nothing
 * unless all nodes in a sum received the same instruction. An update that is not finite counts as 0, and more examples
 * than maxWeight count as maxWeight. The node's log says so; its reply does not.
 *
 * @throws FlwrError "invalid-argument" when an option is out of range
 *
 * @example
 * ```ts
 * export const app = new ClientApp().train(train, { mods: [secureAggregationMod()] });
 * ```
 */
export function secureAggregationMod(options: SecureAggregationModOptions = {}): ClientMod {
  checkOptionNames("secureAggregationMod", options, NAMES);
  const { minNodes = 2, minNoiseMultiplier = 0, unsignedKeysForTests = false } = options;
  checkCount("minNodes", minNodes, 2);
  checkNumber("minNoiseMultiplier", minNoiseMultiplier, 0);
  if (options.maxRounds !== undefined) checkCount("maxRounds", options.maxRounds, 1);
  const maxRounds = options.maxRounds ?? Infinity;
  if (typeof unsignedKeysForTests !== "boolean") {
    throw new FlwrError(
      "invalid-argument",
      `unsignedKeysForTests must be true or false: got ${unsignedKeysForTests}`,
    );
  }
  return async (message, context, next) => {
    if (message.metadata.messageType.split(".")[0] !== "train") return await next(message, context);
    const remembered = context.state.get(STATE_RECORD);
    // After any error, the secrets of a round are not used again.
    context.state.delete(STATE_RECORD);
    const state = isConfigRecord(remembered) ? stateFromRecord(remembered) : undefined;
    const unsigned = unsignedKeysForTests;
    const asked = { message, context, next, minNodes, minNoiseMultiplier, maxRounds, unsigned };
    return await answerStage(asked, state);
  };
}

/** The answer to a stage. */
interface Asked {
  readonly message: Message;
  readonly context: Context;
  readonly next: Respond;
  readonly minNodes: number;
  readonly minNoiseMultiplier: number;
  readonly maxRounds: number;
  readonly unsigned: boolean;
}

async function answerStage(asked: Asked, state: NodeState | undefined): Promise<Message> {
  const { message, context } = asked;
  const record = await shareable(() => protocolRecord(message));
  const stage = await shareable(() => checkStage(record, state));
  const answer = (made: { state?: NodeState; record: ConfigRecord }) => {
    if (made.state !== undefined) context.state.set(STATE_RECORD, stateToRecord(made.state));
    return message.reply({ [PROTOCOL_RECORD]: made.record });
  };
  if (stage === "advertise") return answer(await shareable(() => begin(asked, record)));
  switch (state?.done) {
    case "advertise": {
      const { trust } = identityOf(asked);
      const made = await shareable(() =>
        share(state, context.runId, participantsFromRecord(record), trust)
      );
      return answer({ state: made.state, record: addressedToRecord(made.shares) });
    }
    case "share":
      return await train(asked, state, record);
    case "collect": {
      const survivors = await shareable(() => readIds(record, KEYS.survivors));
      const { state: agreed, signature } = await shareable(() => agree(state, survivors));
      return answer({
        state: agreed,
        record: new ConfigRecord({
          [KEYS.signature]: signature,
          [KEYS.instruction]: agreed.instruction,
        }),
      });
    }
    case "agree": {
      const signatures = await shareable(() => byNodeFromRecord(KEYS.signatures, record));
      const shares = await shareable(() => reveal(state, signatures));
      return answer({ record: byNodeToRecord(KEYS.shares, shares) });
    }
  }
  throw new FlwrError("internal", `Secure aggregation: no answer to stage "${stage}"`);
}

/** Stage "advertise". */
async function begin(
  asked: Asked,
  record: ConfigRecord,
): Promise<{ state: NodeState; record: ConfigRecord }> {
  const { message, context } = asked;
  const settings = settingsFromRecord(record);
  checkThreshold(settings, asked.minNodes);
  checkNoise(settings, asked.minNoiseMultiplier);
  const { runId, state: kept } = context;
  checkHistory(kept, { runId, round: settings.round, maxRounds: asked.maxRounds });
  const { identity } = identityOf(asked);
  const { state, own } = await advertise(message.metadata.dstNodeId, settings, identity);
  return { state, record: advertisementToRecord(own) };
}

/** Stage "collect": opens the shares, trains, and masks the result. */
async function train(asked: Asked, state: Shared, record: ConfigRecord): Promise<Message> {
  const { message, context, next } = asked;
  const content = [...message.content].filter(([name]) => name !== PROTOCOL_RECORD);
  const instruction = message.withContent(new RecordDict(content));
  const { runId, round } = state.session;
  await shareable(() => {
    onlyModel(instruction);
    // Checked again, because runs of one series share the state.
    checkHistory(context.state, { runId, round, maxRounds: asked.maxRounds });
  });
  // Before the app sees the instruction, because the app may change it.
  const hash = await instructionHash(instruction, context.runConfig);
  const { state: opened, unreadable } = await shareable(() =>
    openShares(state, addressedFromRecord(record), hash)
  );
  if (unreadable.length > 0) {
    console.warn(
      `Secure aggregation: the shares of ${unreadable.length} nodes cannot be read, the first of node ${
        unreadable[0]
      }`,
    );
  }
  const reply = await next(instruction, context);
  if (!reply.hasContent) return reply;
  const made = await shareable(() => quantised(instruction, reply, state.settings));
  const { vector, clipped } = made;
  if (made.isZeroed) {
    console.warn(
      "Secure aggregation: the update or a metric is not a finite number: this node counts as 0 in the sum",
    );
  }
  if (made.isWeightClamped) {
    console.warn(
      `Secure aggregation: this node has more examples than maxWeight, and counts as if it had ${state.settings.maxWeight}`,
    );
  }
  if (clipped === "norm") {
    console.warn(
      "Secure aggregation: the update was larger than the clipping norm and was clipped",
    );
  } else if (clipped > 0) {
    console.warn(
      `Secure aggregation: ${clipped} of ${
        vector.length - 1
      } numbers were out of range and were clipped: ` +
        `elements of the update beyond ±${state.settings.clippingRange}, or metrics beyond their bounds`,
    );
  }
  await maskVector(state, opened, vector);
  context.state.set(STATE_RECORD, stateToRecord(opened));
  addToHistory(context.state, runId, round);
  return message.reply({ [VECTOR_RECORD]: vectorToRecord(vector) });
}

/** The node's vector, and a description of what was clipped: single numbers, or the norm of the whole update. */
function quantised(
  instruction: Message,
  reply: Message,
  settings: RoundSettings,
): Omit<Quantised, "clipped"> & { readonly clipped: number | "norm" } {
  const model = trainedModel(instruction, reply);
  const sent = [...onlyModel(instruction).viewTensors().values()];
  const plan = noisePlan(settings, sent.reduce((sum, { data }) => sum + data.length, 0));
  if (plan !== undefined) {
    const { vector, wasClipped, isZeroed } = privateVector(model, sent, plan, settings);
    return { vector, clipped: wasClipped ? "norm" : 0, isZeroed, isWeightClamped: false };
  }
  const metrics = reply.content.metricRecords.get(CURRENT_NAMES.metrics);
  return quantiseModel(model, sent, metrics, settings);
}

function vectorToRecord({ bits, length, words }: RingVector): ArrayRecord {
  const data = bits === 32 ? new Uint32Array(words.buffer) : new BigUint64Array(words.buffer);
  const dtype = bits === 32 ? "uint32" : "uint64";
  return ArrayRecord.fromTensors({
    [VECTOR]: tensor(dtype, [length], data as Uint32Array & BigUint64Array),
  });
}

/** The protocol's errors contain nothing of the node's data, so the server may see them. */
async function shareable<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof FlwrError ? asShareable(error) : error;
  }
}

function protocolRecord(message: Message): ConfigRecord {
  const record = message.content.get(PROTOCOL_RECORD);
  if (isConfigRecord(record)) return record;
  throw new FlwrError(
    "failed-precondition",
    "This node trains only in a round of secure aggregation, which hides its model: the instruction has no " +
      `ConfigRecord "${PROTOCOL_RECORD}"`,
    { hints: ["Start the strategy as new SecureAggregation(strategy)"] },
  );
}

/** Stages come in order. Only "advertise" may come at any time: it ends a round that was interrupted. */
function checkStage(record: ConfigRecord, state: NodeState | undefined): Stage {
  const asked = record.get(KEYS.stage);
  if (asked === "advertise") return asked;
  const expected = state === undefined ? "advertise" : STAGES[STAGES.indexOf(state.done) + 1]!;
  if (asked === expected) return expected;
  const known = STAGES.find((stage) => stage === asked);
  throw new FlwrError(
    "failed-precondition",
    `Secure aggregation: the server asked for ${known ?? "an unknown stage"}, expected ${expected}`,
  );
}

function checkThreshold({ threshold, participants }: RoundSettings, minNodes: number): void {
  if (threshold >= minNodes) return;
  throw new FlwrError(
    "failed-precondition",
    `Secure aggregation: a sum may have ${threshold} of ${participants} nodes, but this node requires at least ` +
      `minNodes, which is ${minNodes}`,
    { hints: ["Train on more nodes, raise threshold of SecureAggregation, or lower minNodes"] },
  );
}

/** More nodes may collude with the server than the settings say: as many as the protocol tolerates. */
function checkNoise({ noise, threshold, participants }: RoundSettings, least: number): void {
  const refuse = (text: string) => {
    throw new FlwrError("failed-precondition", `Secure aggregation: ${text}`, {
      hints: ["Lower privacy.epsilon of SecureAggregation, or minNoiseMultiplier"],
    });
  };
  const wanted = `this node requires at least minNoiseMultiplier, which is ${least}`;
  if (noise === undefined) {
    if (least > 0) refuse(`the noise multiplier of this round is 0, and ${wanted}`);
    return;
  }
  const { colluding, noiseMultiplier } = noise;
  const tolerated = Math.max(colluding, 2 * threshold - participants - 1);
  if (threshold <= tolerated) {
    refuse(
      `colluding is ${colluding}, expected less than the threshold, which is ${threshold}: no noise would be left`,
    );
  }
  const left = noiseMultiplier * Math.sqrt((threshold - tolerated) / (threshold - colluding));
  if (left >= least) return;
  refuse(
    `the noise multiplier of this round is ${left} with ${tolerated} colluding nodes, and ${wanted}`,
  );
}

/** The node's key and the keys that it trusts. @throws FlwrError "failed-precondition" without a key or a list */
function identityOf(
  { context, unsigned }: Asked,
): { identity: RegisteredKey | undefined; trust: Trust } {
  const { registeredKey: identity } = context;
  if (identity?.trustedKeys !== undefined) {
    const keys = new Set(identity.trustedKeys.map((key) => key.toHex()));
    return { identity, trust: unsigned ? "unsigned" : { keys } };
  }
  if (unsigned) return { identity: undefined, trust: "unsigned" };
  throw asShareable(
    new FlwrError(
      "failed-precondition",
      identity === undefined
        ? "Secure aggregation: this node has no registered key to sign its keys with"
        : "Secure aggregation: this node has no list of the nodes that it trusts",
      {
        hints: [
          "Start the SuperNode with --auth-supernode-private-key FILE and --trusted-node-keys FILE",
          "In a test or a simulation, set unsignedKeysForTests of the mod and of SecureAggregation",
        ],
      },
    ),
  );
}
