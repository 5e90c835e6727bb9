import { FlwrError } from "../../base/error.ts";
import type { MessageError, NodeId } from "../../entities/metadata.ts";
import type { PublicKeys } from "../../secagg/plus/node.ts";
import type {
  Refusal,
  ServerRound,
  UnmaskedMean,
  WrongShare,
} from "../../secagg/plus/server_round.ts";
import { ConfigRecord } from "../config_record.ts";
import { toLegacyInstruction } from "../legacy/instruction.ts";
import { Message } from "../message.ts";
import { RecordDict } from "../record_dict.ts";
import type { Round } from "../strategy/strategy.ts";
import { type CollectedReply, collectedReply } from "./collected_reply.ts";
import type { SecAggPlusOptions } from "./options.ts";
import { CONFIGS, KEYS, readByteList, readBytes, readIds, zipIds } from "./records.ts";

/** Maximum number of wrong shares of a round that the log names one by one. */
const REPORTED_SHARES = 5;

/** A round between its plan and its replies. */
export interface Planned {
  /** The round's number, from 1. */
  readonly number: number;
  /** The server's side of the protocol. */
  readonly protocol: ServerRound;
  /** The training instruction of each node. */
  readonly instructions: ReadonlyMap<NodeId, Message>;
}

/** Why a node does not count. Without a code, its reply was refused here. */
export type NodeFailure = Partial<MessageError> & { readonly reason: string };

/** The stages after "setup" of one round: sends the messages and records failures. */
export class Stages {
  /** Nodes whose models are not in the mean. */
  readonly failures = new Map<NodeId, NodeFailure>();
  readonly #round: Round;
  readonly #planned: Planned;
  readonly #options: Required<SecAggPlusOptions>;

  constructor(round: Round, planned: Planned, options: Required<SecAggPlusOptions>) {
    this.#round = round;
    this.#planned = planned;
    this.#options = options;
  }

  /**
   * @param setUp the replies of "setup"
   * @throws FlwrError "failed-precondition" when too few nodes are left
   */
  async run(
    setUp: readonly Message[],
  ): Promise<{ mean: UnmaskedMean; collected: Map<NodeId, CollectedReply> }> {
    const { protocol } = this.#planned;
    const keys = this.#read(setUp, readPublicKeys);
    const { lists, refusals } = await protocol.keysReceived(keys);
    this.#refuse(refusals);

    const shared = await this.#ask("share_keys", lists, keysRecord);
    const sent = this.#read(
      shared,
      (reply) =>
        zipIds(readIds(reply, KEYS.destinations), readByteList(reply, KEYS.ciphertexts))
          .map(([nodeId, ciphertext]) => ({ nodeId, ciphertext })),
    );
    const { deliveries, refusals: incomplete } = protocol.sharesReceived(sent);
    this.#refuse(incomplete);

    const answers = await this.#ask(
      "collect_masked_vectors",
      deliveries,
      (shares) =>
        new ConfigRecord({
          [KEYS.ciphertexts]: shares.map(({ ciphertext }) => ciphertext),
          [KEYS.sources]: shares.map(({ nodeId }) => nodeId),
        }),
    );
    const collected = this.#collect(answers);

    const asked = protocol.unmaskLists();
    const given = await this.#ask(
      "unmask",
      asked,
      ({ active, dead }) => new ConfigRecord({ [KEYS.active]: active, [KEYS.dead]: dead }),
    );
    // If a node is lost now, its model is in the sum, so it did not fail.
    const revealed = readReplies(
      given,
      (reply) => new Map(zipIds(readIds(reply, KEYS.owners), readByteList(reply, KEYS.shares))),
      () => {},
    );
    const mean = await protocol.sharesRevealed(revealed);
    this.#reportWrongShares(mean.wrongShares);
    return { mean, collected };
  }

  /** Says whose shares were left out, in a bounded number of lines. */
  #reportWrongShares(wrong: readonly WrongShare[]): void {
    const { grid } = this.#round;
    for (const { owner, holder } of wrong.slice(0, REPORTED_SHARES)) {
      const [of, by] = [grid.nodeLabel(owner), grid.nodeLabel(holder)];
      const text = owner === holder
        ? `    A share of ${of}'s secret, held by itself, is wrong. It was left out`
        : `    A share of ${of}'s secret, held by ${by}, is wrong: one of the two sent it wrong. It was left out`;
      grid.report({ type: "note", text });
    }
    const more = wrong.length - REPORTED_SHARES;
    if (more > 0) {
      grid.report({ type: "note", text: `    ${more} more wrong shares were left out` });
    }
  }

  #collect(answers: readonly Message[]): Map<NodeId, CollectedReply> {
    const collected = new Map<NodeId, CollectedReply>();
    for (const answer of answers) {
      const nodeId = answer.metadata.srcNodeId;
      if (answer.error !== undefined) {
        this.failures.set(nodeId, answer.error);
        continue;
      }
      try {
        const reply = collectedReply(answer, this.#options.maxWeight);
        this.#planned.protocol.vectorReceived(nodeId, reply.masked, reply.numExamples);
        collected.set(nodeId, reply);
      } catch (error) {
        this.#refuseReply(nodeId, error);
      }
    }
    return collected;
  }

  async #ask<T>(
    stage: "share_keys" | "collect_masked_vectors" | "unmask",
    tasks: ReadonlyMap<NodeId, T>,
    configsOf: (task: T) => ConfigRecord,
  ): Promise<Message[]> {
    const { grid, signal } = this.#round;
    const place = { share_keys: 2, collect_masked_vectors: 3, unmask: 4 }[stage];
    const text = `    SecAgg+ ${place} of 4, ${stage}: ${tasks.size} nodes`;
    grid.report({ type: "note", text });
    const trains = stage === "collect_masked_vectors";
    const messages = [...tasks].map(([nodeId, task]) => {
      const configs = configsOf(task).set(KEYS.stage, stage);
      const content = trains ? this.#trainingOf(nodeId) : [];
      return stageMessage(this.#round, nodeId, new RecordDict([...content, [CONFIGS, configs]]));
    });
    return await grid.sendAndReceive(messages, { timeout: this.#options.timeout, signal });
  }

  /** Under the names of the older API, which Python's modifier requires. Our nodes translate them. */
  #trainingOf(nodeId: NodeId): RecordDict {
    const { metadata, content } = this.#planned.instructions.get(nodeId)!;
    return toLegacyInstruction(metadata.messageType, content);
  }

  #read<T>(replies: readonly Message[], read: (configs: ConfigRecord) => T): Map<NodeId, T> {
    return readReplies(replies, read, (reply, error) => {
      if (reply.error !== undefined) this.failures.set(reply.metadata.srcNodeId, reply.error);
      else this.#refuseReply(reply.metadata.srcNodeId, error);
    });
  }

  #refuse(refusals: readonly Refusal[]): void {
    for (const { nodeId, reason } of refusals) {
      this.failures.set(nodeId, { reason: `Reply rejected: ${reason}` });
    }
  }

  #refuseReply(nodeId: NodeId, error: unknown): void {
    if (!(error instanceof FlwrError)) throw error;
    this.failures.set(nodeId, { reason: `Reply rejected: ${error.message}` });
  }
}

/** Reads the replies of a stage by node; those that cannot be read, and errors, go to `fail`. */
function readReplies<T>(
  replies: readonly Message[],
  read: (configs: ConfigRecord) => T,
  fail: (reply: Message, error: unknown) => void,
): Map<NodeId, T> {
  const values = new Map<NodeId, T>();
  for (const reply of replies) {
    try {
      if (reply.error === undefined) {
        values.set(reply.metadata.srcNodeId, read(reply.content.configRecord(CONFIGS)));
      } else fail(reply, undefined);
    } catch (error) {
      fail(reply, error);
    }
  }
  return values;
}

function readPublicKeys(configs: ConfigRecord): PublicKeys {
  return {
    maskKey: readBytes(configs, KEYS.maskKey),
    shareKey: readBytes(configs, KEYS.shareKey),
  };
}

function keysRecord(keys: ReadonlyMap<NodeId, PublicKeys>): ConfigRecord {
  const entries = [...keys].map(([nodeId, { maskKey, shareKey }]) =>
    [String(nodeId), [maskKey, shareKey]] as const
  );
  return new ConfigRecord(entries);
}

/** An instruction to train, in the round's group. */
export function stageMessage(
  { number, grid }: Round,
  dstNodeId: NodeId,
  content: RecordDict,
): Message {
  const [messageType, groupId] = ["train", String(number)];
  return Message.create({ content, dstNodeId, messageType, groupId, clock: grid.clock });
}
