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
import { readIds, readInteger } from "../records.ts";
import { trainedModel } from "../trained_model.ts";
import { quantiseModel } from "./model_vector.ts";
import { noisePlan, privateVector } from "./private_vector.ts";
import {
  addressedFromRecord,
  addressedToRecord,
  advertisementToRecord,
  byNodeFromRecord,
  byNodeToRecord,
  HISTORY_RECORD,
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
   * The fewest nodes whose models may be in a sum with this node's, from 2: rounds with a lower threshold are refused.
   * A server that cheats may choose small rounds: fewer than half of `minNodes` may work together with it. Default: 2, the
   * least that a round of three nodes has.
   */
  readonly minNodes?: number;
  /**
   * The least noise in a sum, as the part of the clipping norm that its standard deviation is, from 0: rounds with less
   * are refused. Default: 0, also sums without noise.
   */
  readonly minNoiseMultiplier?: number;
  /**
   * Whether the node takes part without a registered key, and accepts keys that are not signed, so that a server in the
   * middle could read its model. For tests and simulations. Default: false.
   */
  readonly unsignedKeysForTests?: boolean;
}

const NAMES: OptionNames<SecureAggregationModOptions> = {
  minNodes: true,
  minNoiseMultiplier: true,
  unsignedKeysForTests: true,
};

/**
 * A client modifier for secure aggregation among TypeScript nodes, for `SecureAggregation`: the server learns sums over
 * at least the threshold's number of nodes, also of the numbers of examples and of the metrics, and nothing of a single
 * node. That holds also for a server that cheats: see docs/secure-aggregation.md.
 *
 * The handler trains as usual: it returns one ArrayRecord, and a MetricRecord `metrics` with `num-examples`. The node
 * needs a registered key and the list of those that its owner trusts: `flwr supernode --auth-supernode-private-key FILE
 * --trusted-node-keys FILE`. An instruction to train outside of the protocol is refused.
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
  if (typeof unsignedKeysForTests !== "boolean") {
    throw new FlwrError(
      "invalid-argument",
      `unsignedKeysForTests must be true or false: got ${unsignedKeysForTests}`,
    );
  }
  return async (message, context, next) => {
    if (message.metadata.messageType.split(".")[0] !== "train") return await next(message, context);
    const remembered = context.state.get(STATE_RECORD);
    // Whatever goes wrong, the secrets of a round are not used again.
    context.state.delete(STATE_RECORD);
    const state = isConfigRecord(remembered) ? stateFromRecord(remembered) : undefined;
    const unsigned = unsignedKeysForTests;
    const asked = { message, context, next, minNodes, minNoiseMultiplier, unsigned };
    return await answerStage(asked, state);
  };
}

/** What a stage is answered with. */
interface Asked {
  readonly message: Message;
  readonly context: Context;
  readonly next: Respond;
  readonly minNodes: number;
  readonly minNoiseMultiplier: number;
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
      return answer({ state: agreed, record: new ConfigRecord({ [KEYS.signature]: signature }) });
    }
    case "agree": {
      const signatures = await shareable(() => byNodeFromRecord(KEYS.signatures, record));
      const shares = await shareable(() => reveal(state, signatures));
      const { round } = state.session;
      context.state.set(HISTORY_RECORD, new ConfigRecord({ [KEYS.round]: round }));
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
  checkNew(settings, context);
  const { identity } = identityOf(asked);
  const { state, own } = await advertise(message.metadata.dstNodeId, settings, identity);
  return { state, record: advertisementToRecord(own) };
}

/** Stage "collect": opens the shares, trains, and masks the result. */
async function train(asked: Asked, state: Shared, record: ConfigRecord): Promise<Message> {
  const { message, context, next } = asked;
  const { state: opened, unreadable } = await shareable(() =>
    openShares(state, addressedFromRecord(record))
  );
  if (unreadable.length > 0) {
    console.warn(
      `Secure aggregation: the shares of ${unreadable.length} nodes cannot be read, the first of node ${
        unreadable[0]
      }`,
    );
  }
  const content = [...message.content].filter(([name]) => name !== PROTOCOL_RECORD);
  const instruction = message.withContent(new RecordDict(content));
  const reply = await next(instruction, context);
  if (!reply.hasContent) return reply;
  const { vector, clipped } = await shareable(() => quantised(instruction, reply, state.settings));
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
  await maskVector(state, opened.senders.keys(), vector);
  context.state.set(STATE_RECORD, stateToRecord(opened));
  return message.reply({ [VECTOR_RECORD]: vectorToRecord(vector) });
}

/** The node's vector, and how many numbers were clipped, or that the norm of all was. */
function quantised(
  instruction: Message,
  reply: Message,
  settings: RoundSettings,
): { vector: RingVector; clipped: number | "norm" } {
  const model = trainedModel(instruction, reply);
  const [arrays] = instruction.content.arrayRecords.values();
  if (arrays === undefined) {
    const text = "Secure aggregation: the instruction has no model to compare with";
    throw new FlwrError("invalid-argument", text);
  }
  const sent = [...arrays.viewTensors().values()];
  const plan = noisePlan(settings, sent.reduce((sum, { data }) => sum + data.length, 0));
  if (plan !== undefined) {
    const { vector, wasClipped } = privateVector(model, sent, plan, settings);
    return { vector, clipped: wasClipped ? "norm" : 0 };
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

/** Its errors say nothing of the node's data: they may be told to the server. */
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
    "This node trains only in a round of secure aggregation, so that its model is not seen: the instruction has no " +
      `ConfigRecord "${PROTOCOL_RECORD}"`,
    { hints: ["Start the strategy as new SecureAggregation(strategy)"] },
  );
}

/** A round goes from stage to stage; only "advertise" may come at any time, and ends a round that was cut short. */
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
    `Secure aggregation: a sum may have ${threshold} of ${participants} nodes, and this node wants at least ` +
      `minNodes, which is ${minNodes}`,
    { hints: ["Train on more nodes, raise threshold of SecureAggregation, or lower minNodes"] },
  );
}

function checkNoise({ noise }: RoundSettings, least: number): void {
  const offered = noise?.noiseMultiplier ?? 0;
  if (offered >= least) return;
  throw new FlwrError(
    "failed-precondition",
    `Secure aggregation: the noise multiplier of this round is ${offered}, and this node wants at least ` +
      `minNoiseMultiplier, which is ${least}`,
    { hints: ["Lower privacy.epsilon of SecureAggregation, or minNoiseMultiplier"] },
  );
}

/** The sums of one round over two sets of nodes would show the difference between them. */
function checkNew({ round }: RoundSettings, { state }: Context): void {
  const history = state.configRecords.get(HISTORY_RECORD);
  const last = history === undefined ? 0 : readInteger(history, KEYS.round);
  if (round > last) return;
  throw new FlwrError(
    "failed-precondition",
    `Secure aggregation: this node revealed its shares in round ${last} already, and takes part in later rounds only: ` +
      `got round ${round}`,
  );
}

/** The node's key, and whom it trusts. @throws FlwrError "failed-precondition" without a key or a list */
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
        ? "Secure aggregation: this node has no registered key that could sign its keys"
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
