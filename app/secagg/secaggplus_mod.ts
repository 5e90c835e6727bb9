import { FlwrError } from "../../base/error.ts";
import {
  type MaskedVector,
  maskModel,
  type NodeRandomness,
  openShares,
  type PublicKeys,
  setUp,
  shareKeys,
  systemNodeRandomness,
  unmask,
} from "../../secagg/plus/node.ts";
import { type NodeState, type Stage, STAGES } from "../../secagg/plus/node_state.ts";
import type { RoundSettings } from "../../secagg/plus/settings.ts";
import type { ClientMod, Respond } from "../client_mod.ts";
import { ConfigRecord } from "../config_record.ts";
import type { Context } from "../context.ts";
import type { Message } from "../message.ts";
import { isConfigRecord, RecordDict } from "../record_dict.ts";
import { asShareable } from "../shareable.ts";
import {
  CONFIGS,
  KEYS,
  readByteList,
  readIds,
  readInteger,
  readNumber,
  STATE,
  zipIds,
} from "./records.ts";
import { stateFromRecord, stateToRecord } from "./state_record.ts";
import { trainedModel } from "./trained_model.ts";

/** Options of {@link secAggPlusMod}. */
export interface SecAggPlusModOptions {
  /**
   * Smallest fraction of the shares, 0 to 1, that may reconstruct a secret. Rounds with a lower threshold are refused.
   * With half of the shares or fewer, a server can collect the shares of both secrets of a node from different halves
   * of its neighbours, and read the node's model. Default: more than half.
   */
  readonly minThreshold?: number;
}

/**
 * A client modifier for secure aggregation with SecAgg+: the ServerApp learns the sum of the nodes' models, not this
 * node's. It works with {@link SecAggPlus} and with the `SecAggPlusWorkflow` of Flower for Python.
 *
 * The handler trains as usual: it returns one ArrayRecord, and a MetricRecord `metrics` with `num-examples`. The number of
 * examples and all metrics are sent in the clear. An instruction to train outside of SecAgg+ is refused.
 *
 * @throws FlwrError "invalid-argument" when an option is out of range
 *
 * @example
 * ```ts
 * export const app = new ClientApp().train(train, { mods: [secAggPlusMod()] });
 * ```
 */
export function secAggPlusMod(options: SecAggPlusModOptions = {}): ClientMod {
  return secAggPlusModWith(options, systemNodeRandomness);
}

/** Like {@link secAggPlusMod}, with given random secrets, for tests. */
export function secAggPlusModWith(
  { minThreshold }: SecAggPlusModOptions,
  randomness: NodeRandomness,
): ClientMod {
  if (minThreshold !== undefined && !(minThreshold >= 0 && minThreshold <= 1)) {
    throw new FlwrError(
      "invalid-argument",
      `minThreshold is a number from 0 to 1: got ${minThreshold}`,
    );
  }
  return async (message, context, next) => {
    if (message.metadata.messageType.split(".")[0] !== "train") return await next(message, context);
    const remembered = context.state.get(STATE);
    // After any error, the secrets of a round are not used again.
    context.state.delete(STATE);
    const state = isConfigRecord(remembered) ? stateFromRecord(remembered) : undefined;
    const answer = { message, context, next, minThreshold, randomness };
    return await answerStage(answer, state);
  };
}

/** The input for answering a stage. */
interface Asked {
  readonly message: Message;
  readonly context: Context;
  readonly next: Respond;
  readonly minThreshold: number | undefined;
  readonly randomness: NodeRandomness;
}

async function answerStage(asked: Asked, state: NodeState | undefined): Promise<Message> {
  const { message, context, next, randomness } = asked;
  const keep = (kept: NodeState) => context.state.set(STATE, stateToRecord(kept));
  const configs = await shared(() => configsOf(message));
  const stage = await shared(() => checkStage(configs, state));
  const reply = (record: ConfigRecord) => message.reply({ [CONFIGS]: record });

  if (stage === "setup") {
    const made = await shared(async () => {
      const settings = readSettings(configs, asked.minThreshold);
      return await setUp(message.metadata.dstNodeId, settings, randomness);
    });
    keep(made);
    return reply(
      new ConfigRecord({
        [KEYS.maskKey]: made.maskKeys.publicKey,
        [KEYS.shareKey]: made.shareKeys.publicKey,
      }),
    );
  }
  if (state?.done === "setup") {
    const { state: kept, shares } = await shared(() =>
      shareKeys(state, readPublicKeys(configs), randomness)
    );
    keep(kept);
    return reply(
      new ConfigRecord({
        [KEYS.destinations]: shares.map(({ nodeId }) => nodeId),
        [KEYS.ciphertexts]: shares.map(({ ciphertext }) => ciphertext),
      }),
    );
  }
  if (state?.done === "share_keys") {
    const senders = await shared(() => readIds(configs, KEYS.sources));
    const opened = await shared(() => {
      const received = zipIds(senders, readByteList(configs, KEYS.ciphertexts))
        .map(([nodeId, ciphertext]) => ({ nodeId, ciphertext }));
      return openShares(state, received);
    });
    const instruction = message.withContent(without(message.content, CONFIGS));
    const answer = await next(instruction, context);
    if (!answer.hasContent) return answer;
    const model = await shared(() => trainedModel(instruction, answer));
    const masked = await shared(() => maskModel(state, senders, model, randomness));
    warnOfClipping(masked, model.tensors, state.settings);
    keep(opened);
    const record = new ConfigRecord({ [KEYS.maskedArrays]: [...masked.arrays] });
    return answer.withContent(new RecordDict([...model.rest, [CONFIGS, record]]));
  }
  if (state?.done === "collect_masked_vectors") {
    const shares = await shared(() =>
      unmask(state, readIds(configs, KEYS.active), readIds(configs, KEYS.dead))
    );
    return reply(
      new ConfigRecord({
        [KEYS.owners]: shares.map(({ owner }) => owner),
        [KEYS.shares]: shares.map(({ share }) => share),
      }),
    );
  }
  throw new FlwrError("internal", `SecAgg+: no answer to stage "${stage}"`);
}

/** The protocol's errors contain nothing of the node's data, so the server may see them. */
async function shared<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof FlwrError ? asShareable(error) : error;
  }
}

function configsOf(message: Message): ConfigRecord {
  const configs = message.content.get(CONFIGS);
  if (isConfigRecord(configs)) return configs;
  throw new FlwrError(
    "failed-precondition",
    "This node trains only in a round of SecAgg+, which hides its model: the instruction " +
      `has no ConfigRecord "${CONFIGS}"`,
    {
      hints: [
        "Start the strategy as new SecAggPlus(strategy), or in Python with SecAggPlusWorkflow",
      ],
    },
  );
}

/** Stages come in order. Only "setup" may come at any time: it ends a round that was interrupted. */
function checkStage(configs: ConfigRecord, state: NodeState | undefined): Stage {
  const asked = configs.get(KEYS.stage);
  if (asked === "setup") return asked;
  const expected = state === undefined ? "setup" : STAGES[STAGES.indexOf(state.done) + 1]!;
  if (asked === expected) return expected;
  const known = STAGES.find((stage) => stage === asked);
  throw new FlwrError(
    "failed-precondition",
    `SecAgg+: the server asked for ${known ?? "an unknown stage"}, expected ${expected}`,
  );
}

function readSettings(configs: ConfigRecord, minThreshold: number | undefined): RoundSettings {
  const settings: RoundSettings = {
    sampleNum: readInteger(configs, KEYS.sampleNum),
    shareNum: readInteger(configs, KEYS.shareNum),
    threshold: readInteger(configs, KEYS.threshold),
    clippingRange: readNumber(configs, KEYS.clippingRange),
    quantizationRange: readInteger(configs, KEYS.targetRange),
    modulus: readInteger(configs, KEYS.modRange),
    maxWeight: readNumber(configs, KEYS.maxWeight),
  };
  const { shareNum, threshold } = settings;
  const enough = minThreshold === undefined
    ? threshold > shareNum / 2
    : threshold >= minThreshold * shareNum;
  if (enough) return settings;
  const least = minThreshold === undefined ? "more than half" : `at least ${minThreshold}`;
  throw new FlwrError(
    "failed-precondition",
    `SecAgg+: a secret must need ${least} of the shares for this node to take part, ` +
      `but the round's threshold is ${threshold} of ${shareNum}`,
    { hints: ["Raise reconstruction_threshold, or lower minThreshold of secAggPlusMod"] },
  );
}

function readPublicKeys(configs: ConfigRecord): Map<bigint, PublicKeys> {
  const keys = new Map<bigint, PublicKeys>();
  for (const name of configs.keys()) {
    if (name === KEYS.stage) continue;
    const [maskKey, shareKey, ...more] = readByteList(configs, name);
    if (!/^\d{1,20}$/.test(name) || shareKey === undefined || more.length > 0) {
      throw new FlwrError("invalid-argument", "SecAgg+: a node's public keys are not two texts");
    }
    keys.set(BigInt(name), { maskKey: maskKey!, shareKey });
  }
  return keys;
}

function warnOfClipping(
  { clipped }: MaskedVector,
  tensors: readonly { readonly data: { readonly length: number } }[],
  { clippingRange }: RoundSettings,
): void {
  if (clipped === 0) return;
  const all = tensors.reduce((sum, { data }) => sum + data.length, 0);
  console.warn(
    `SecAgg+: ${clipped} of ${all} weighted elements were beyond ±${clippingRange} and were clipped. ` +
      "Raise the ServerApp's clippingRange.",
  );
}

function without(content: RecordDict, name: string): RecordDict {
  return new RecordDict([...content].filter(([other]) => other !== name));
}
