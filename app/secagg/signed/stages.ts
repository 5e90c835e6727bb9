import { FlwrError } from "../../../base/error.ts";
import { type MessageError, MessageErrorCode, type NodeId } from "../../../entities/metadata.ts";
import type { RingVector } from "../../../secagg/signed/ring_vector.ts";
import { type Refusal, ServerRound, type WrongShare } from "../../../secagg/signed/server_round.ts";
import type { Stage } from "../../../secagg/signed/node_state.ts";
import type { RoundSettings } from "../../../secagg/signed/settings.ts";
import { arrayConstructor } from "../../../tensor/dtype.ts";
import { ConfigRecord } from "../../config_record.ts";
import { Message } from "../../message.ts";
import { RecordDict } from "../../record_dict.ts";
import type { Round } from "../../strategy/strategy.ts";
import { readBytes } from "../records.ts";
import {
  addressedFromRecord,
  addressedToRecord,
  advertisementFromRecord,
  byNodeFromRecord,
  byNodeToRecord,
  KEYS,
  participantsToRecord,
  PROTOCOL_RECORD,
  settingsToRecord,
  VECTOR,
  VECTOR_RECORD,
} from "./records.ts";

/** Maximum number of wrong shares of a round that the log names one by one. */
const REPORTED_SHARES = 5;

/** A round between its plan and its replies. */
export interface Planned {
  /** The round's number, from 1. */
  readonly number: number;
  readonly settings: RoundSettings;
  /** Number of elements of the vectors. */
  readonly length: number;
  /** The training instruction of each node. */
  readonly instructions: ReadonlyMap<NodeId, Message>;
}

/** Why a node does not count. Without a code, its reply was refused here. */
export type NodeFailure = Partial<MessageError> & { readonly reason: string };

/** Options of {@link Stages}. */
export interface StageOptions {
  /** Seconds for the replies of each stage. */
  readonly timeout: number;
  readonly unsignedKeysForTests: boolean;
}

/** The instruction of stage "advertise". */
export function advertiseMessage(round: Round, planned: Planned, nodeId: NodeId): Message {
  const record = settingsToRecord(planned.settings).set(KEYS.stage, "advertise");
  return stageMessage(round, planned, nodeId, new RecordDict([[PROTOCOL_RECORD, record]]));
}

/** The stages after "advertise" of one round: sends the messages and records failures. */
export class Stages {
  /** Nodes whose models are not in the sum. */
  readonly failures = new Map<NodeId, NodeFailure>();
  readonly #round: Round;
  readonly #planned: Planned;
  readonly #options: StageOptions;
  readonly #server: ServerRound;

  constructor(round: Round, planned: Planned, options: StageOptions) {
    this.#round = round;
    this.#planned = planned;
    this.#options = options;
    const { settings, length } = planned;
    this.#server = new ServerRound(round.grid.runId, settings, length);
  }

  /**
   * @param advertised the replies of "advertise"
   * @returns the sum, and the nodes whose vectors are in it, in ascending order
   * @throws FlwrError "failed-precondition" when too few nodes are left, or their secrets cannot be reconstructed
   */
  async run(
    advertised: readonly Message[],
  ): Promise<{ sum: RingVector; survivors: readonly NodeId[] }> {
    const server = this.#server;
    const keys = this.#read(
      "advertise",
      advertised,
      (record, nodeId) => advertisementFromRecord(nodeId, record),
    );
    const { participants, refusals } = await server.advertised(
      [...keys.values()],
      this.#options.unsignedKeysForTests,
    );
    this.#refuse(refusals);

    const list = participantsToRecord(participants);
    const shared = await this.#ask("share", participants.map(({ nodeId }) => [nodeId, list]));
    const { deliveries, refusals: incomplete } = server.shared(
      this.#read("share", shared, addressedFromRecord),
    );
    this.#refuse(incomplete);

    await this.#collect(
      [...deliveries].map(([nodeId, shares]) => [nodeId, addressedToRecord(shares)] as const),
    );
    const survivors = server.survivors();

    const set = new ConfigRecord({ [KEYS.survivors]: survivors });
    const signed = await this.#ask("agree", survivors.map((nodeId) => [nodeId, set]));
    // If a node is lost from here on, its model is in the sum, so it did not fail.
    const said = readReplies(signed, (record) => ({
      signature: readBytes(record, KEYS.signature),
      instruction: readBytes(record, KEYS.instruction).toHex(),
    }));
    const instruction = mostFrequent([...said.values()].map((one) => one.instruction));
    const signatures = new Map([...said].map(([nodeId, { signature }]) => [nodeId, signature]));
    const agreed = await server.agreed(signatures, Uint8Array.fromHex(instruction ?? ""));
    this.#report(agreed.refusals.map(({ nodeId, reason }) => `${this.#label(nodeId)}: ${reason}`));

    const all = byNodeToRecord(KEYS.signatures, agreed.signatures);
    const given = await this.#ask("reveal", [...agreed.signatures.keys()].map((id) => [id, all]));
    const { sum, wrongShares } = await server.revealed(
      readReplies(given, (record) => new Map(byNodeFromRecord(KEYS.shares, record))),
    );
    this.#reportWrongShares(wrongShares);
    return { sum, survivors };
  }

  /** Stage "collect": adds each vector as it arrives, so only one is held at a time. */
  async #collect(tasks: readonly (readonly [NodeId, ConfigRecord])[]): Promise<void> {
    const { grid, signal } = this.#round;
    this.#announce("collect", tasks.length);
    const messages = tasks.map(([nodeId, record]) => {
      const { content } = this.#planned.instructions.get(nodeId)!;
      record.set(KEYS.stage, "collect");
      const whole = new RecordDict([...content, [PROTOCOL_RECORD, record]]);
      return stageMessage(this.#round, this.#planned, nodeId, whole);
    });
    const replies = grid.open(messages, { timeout: this.#options.timeout, signal });
    for await (const reply of replies) {
      const nodeId = reply.metadata.srcNodeId;
      if (reply.error !== undefined) {
        this.failures.set(nodeId, reply.error);
        continue;
      }
      try {
        this.#server.vectorReceived(nodeId, vectorOf(reply, this.#planned));
      } catch (error) {
        this.#refuseReply(nodeId, error);
      }
    }
  }

  async #ask(
    stage: Stage,
    tasks: readonly (readonly [NodeId, ConfigRecord])[],
  ): Promise<Message[]> {
    const { grid, signal } = this.#round;
    this.#announce(stage, tasks.length);
    const messages = tasks.map(([nodeId, record]) => {
      const content = new RecordDict([[PROTOCOL_RECORD, record.set(KEYS.stage, stage)]]);
      return stageMessage(this.#round, this.#planned, nodeId, content);
    });
    return await grid.sendAndReceive(messages, { timeout: this.#options.timeout, signal });
  }

  /** Reads the replies of a stage by node, and keeps the failures. */
  #read<T>(
    stage: Stage,
    replies: readonly Message[],
    read: (record: ConfigRecord, nodeId: NodeId) => T,
  ): Map<NodeId, T> {
    const values = readReplies(replies, read, (reply, error) => {
      if (reply.error !== undefined) this.failures.set(reply.metadata.srcNodeId, reply.error);
      else this.#refuseReply(reply.metadata.srcNodeId, error);
    });
    if (values.size === 0 && this.#planned.number === 1) this.#throwIfRefused(stage);
    return values;
  }

  /**
   * If nodes are not set up for this, every round fails in the same way. So failures of the first round end the run.
   */
  #throwIfRefused(stage: Stage): void {
    const refused = [...this.failures].find(([, { code }]) =>
      code === MessageErrorCode.ClientAppRaised
    );
    if (refused === undefined) return;
    const [nodeId, { reason }] = refused;
    throw new FlwrError(
      "permission-denied",
      `Secure aggregation: no node took part in stage "${stage}" of the first round. ${
        this.#label(nodeId)
      }: ${reason}`,
      {
        hints: ["Nodes need secureAggregationMod, a registered key, and the list of trusted keys"],
      },
    );
  }

  #announce(stage: Stage, nodes: number): void {
    const place = { advertise: 1, share: 2, collect: 3, agree: 4, reveal: 5 }[stage];
    this.#report([`Secure aggregation ${place} of 5, ${stage}: ${nodes} nodes`]);
  }

  /** Says whose shares were left out, in a bounded number of lines. */
  #reportWrongShares(wrong: readonly WrongShare[]): void {
    this.#report(
      wrong.slice(0, REPORTED_SHARES).map(({ owner, holder }) =>
        `A share of ${this.#label(owner)}'s secret, held by ${
          this.#label(holder)
        }, is wrong: one of the two sent it wrong. It was left out`
      ),
    );
    const more = wrong.length - REPORTED_SHARES;
    if (more > 0) this.#report([`${more} more wrong shares were left out`]);
  }

  #report(lines: readonly string[]): void {
    for (const line of lines) this.#round.grid.report({ type: "note", text: `    ${line}` });
  }

  #label(nodeId: NodeId): string {
    return this.#round.grid.nodeLabel(nodeId);
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

/** The most frequent value: the hash of the instruction that most nodes used. */
function mostFrequent(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce<[string | undefined, number]>(
    (best, one) => one[1] > best[1] ? one : best,
    [undefined, 0],
  )[0];
}

/** Reads the replies of a stage by node; those that cannot be read, and errors, go to `fail`. */
function readReplies<T>(
  replies: readonly Message[],
  read: (record: ConfigRecord, nodeId: NodeId) => T,
  fail: (reply: Message, error: unknown) => void = () => {},
): Map<NodeId, T> {
  const values = new Map<NodeId, T>();
  for (const reply of replies) {
    const nodeId = reply.metadata.srcNodeId;
    try {
      if (reply.error !== undefined) fail(reply, undefined);
      else values.set(nodeId, read(reply.content.configRecord(PROTOCOL_RECORD), nodeId));
    } catch (error) {
      if (!(error instanceof FlwrError)) throw error;
      fail(reply, error);
    }
  }
  return values;
}

/**
 * The bytes of a masked vector. @throws FlwrError "invalid-argument" when the reply has no vector of the round's kind
 */
function vectorOf(reply: Message, { settings: { ringBits }, length }: Planned): Uint8Array {
  const arrays = reply.content.arrayRecord(VECTOR_RECORD).viewTensors();
  const vector = arrays.get(VECTOR);
  const dtype = ringBits === 32 ? "uint32" : "uint64";
  if (vector === undefined || arrays.size !== 1 || vector.dtype !== dtype) {
    throw new FlwrError(
      "invalid-argument",
      `A masked vector is one array "${VECTOR}" of ${dtype}: got ${arrays.size} arrays, ` +
        `the first of ${vector?.dtype ?? "another name"}`,
    );
  }
  if (vector.data.length !== length) {
    throw new FlwrError(
      "invalid-argument",
      `A masked vector has ${vector.data.length} elements, expected ${length}`,
    );
  }
  const { buffer, byteOffset } = vector.data;
  return new Uint8Array(buffer, byteOffset, length * arrayConstructor(dtype).BYTES_PER_ELEMENT);
}

/** An instruction of the round's group, of the type that the strategy trains with. */
function stageMessage(
  { number, grid }: Round,
  { instructions }: Planned,
  dstNodeId: NodeId,
  content: RecordDict,
): Message {
  const { messageType } = instructions.get(dstNodeId)!.metadata;
  return Message.create({
    ...{ content, dstNodeId, messageType, groupId: String(number), clock: grid.clock },
  });
}
