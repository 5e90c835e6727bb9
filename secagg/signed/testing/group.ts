import { PrivateKey } from "../../../auth/private_key.ts";
import { roundKeysStatement } from "../../../auth/round_keys_statement.ts";
import type { Advertisement } from "../advertisement.ts";
import {
  type Addressed,
  advertise,
  agree,
  type Identity,
  maskVector,
  openShares,
  reveal,
  share,
  type Trust,
} from "../node.ts";
import type { Advertised, Agreed, Collected, Shared } from "../node_state.ts";
import { RingVector } from "../ring_vector.ts";
import { ServerRound } from "../server_round.ts";
import { leastThreshold, type RoundSettings } from "../settings.ts";

/** The run of all tests. */
export const RUN_ID = 7n;

/** The hash of the training instruction of all tests. */
export const INSTRUCTION = new Uint8Array(32).fill(9);

/** Settings of a round, with some replaced. */
export function settingsOf(
  participants: number,
  changes: Partial<RoundSettings> = {},
): RoundSettings {
  return {
    round: 1,
    participants,
    threshold: leastThreshold(participants),
    ringBits: 32,
    clippingRange: 8,
    quantizationRange: 2 ** 20,
    maxWeight: 100,
    metrics: [],
    ...changes,
  };
}

/** A registered key, as a node's program uses it. */
export async function identityFor(nodeId: bigint, runId = RUN_ID): Promise<Identity> {
  const key = await PrivateKey.generate("P-384");
  return {
    publicKey: key.publicKey.spki,
    sign: (digest) => key.sign(roundKeysStatement(runId, nodeId, digest)),
  };
}

/** Nodes and server of one round, with all that they know: tests take it from stage to stage. */
export class Group {
  readonly ids: bigint[];
  readonly settings: RoundSettings;
  readonly identities = new Map<bigint, Identity>();
  readonly advertised = new Map<bigint, Advertised>();
  readonly shared = new Map<bigint, Shared>();
  readonly collected = new Map<bigint, Collected>();
  readonly agreed = new Map<bigint, Agreed>();
  readonly server: ServerRound;
  readonly length: number;
  trust: Trust = "unsigned";

  private constructor(settings: RoundSettings, length: number) {
    this.ids = Array.from({ length: settings.participants }, (_, i) => 101n + BigInt(i));
    this.settings = settings;
    this.length = length;
    this.server = new ServerRound(RUN_ID, settings, length);
  }

  /** Nodes with registered keys, which all trust. */
  static async of(settings: RoundSettings, length = 3): Promise<Group> {
    const group = new Group(settings, length);
    for (const id of group.ids) group.identities.set(id, await identityFor(id));
    const keys = [...group.identities.values()].map(({ publicKey }) => publicKey.toHex());
    group.trust = { keys: new Set(keys) };
    return group;
  }

  /** Stage "advertise" of some nodes. */
  async advertise(ids: readonly bigint[] = this.ids): Promise<Advertisement[]> {
    const sent: Advertisement[] = [];
    for (const id of ids) {
      const { state, own } = await advertise(id, this.settings, this.identities.get(id));
      this.advertised.set(id, state);
      sent.push(own);
    }
    return sent;
  }

  /** Stage "share" of a node. */
  async share(id: bigint, participants: readonly Advertisement[]): Promise<Addressed[]> {
    const state = this.advertised.get(id)!;
    const made = await share(state, RUN_ID, participants, this.trust);
    this.shared.set(id, made.state);
    return made.shares;
  }

  /** Stage "collect" of a node: its vector is its id's last two digits, in all elements. */
  async collect(
    id: bigint,
    received: readonly Addressed[],
    instruction = INSTRUCTION,
  ): Promise<Uint8Array> {
    const state = this.shared.get(id)!;
    const { state: opened } = await openShares(state, received, instruction);
    this.collected.set(id, opened);
    const vector = new RingVector(this.settings.ringBits, this.length);
    for (let i = 0; i < this.length; i++) vector.set(i, Number(id % 100n) * (i + 1));
    await maskVector(state, opened, vector);
    return vector.toBytes();
  }

  /** Stage "agree" of a node. */
  async agree(id: bigint, survivors: readonly bigint[]): Promise<Uint8Array> {
    const { state, signature } = await agree(this.collected.get(id)!, survivors);
    this.agreed.set(id, state);
    return signature;
  }

  /** Stage "reveal" of a node. */
  reveal(
    id: bigint,
    signatures: ReadonlyMap<bigint, Uint8Array>,
  ): Promise<ReadonlyMap<bigint, Uint8Array>> {
    return reveal(this.agreed.get(id)!, [...signatures]);
  }

  /** Stages "advertise" and "share": the shares for each node. */
  async untilShared(lost: { advertise?: bigint[]; share?: bigint[] } = {}): Promise<
    Map<bigint, Addressed[]>
  > {
    const sent = await this.advertise(this.ids.filter((id) => !lost.advertise?.includes(id)));
    const { participants } = await this.server.advertised(sent, this.trust === "unsigned");
    const shares = new Map<bigint, Addressed[]>();
    for (const { nodeId } of participants) {
      if (!lost.share?.includes(nodeId)) shares.set(nodeId, await this.share(nodeId, participants));
    }
    return this.server.shared(shares).deliveries;
  }

  /** All stages up to "collect". @returns the survivors */
  async untilCollected(
    lost: { advertise?: bigint[]; share?: bigint[]; collect?: bigint[] } = {},
  ): Promise<bigint[]> {
    for (const [id, received] of await this.untilShared(lost)) {
      if (lost.collect?.includes(id)) continue;
      this.server.vectorReceived(id, await this.collect(id, received));
    }
    return this.server.survivors();
  }

  /** All stages up to "agree". @returns the genuine signatures */
  async untilAgreed(
    lost: { advertise?: bigint[]; share?: bigint[]; collect?: bigint[]; agree?: bigint[] } = {},
  ): Promise<ReadonlyMap<bigint, Uint8Array>> {
    const survivors = await this.untilCollected(lost);
    const sent = new Map<bigint, Uint8Array>();
    for (const id of survivors) {
      if (!lost.agree?.includes(id)) sent.set(id, await this.agree(id, survivors));
    }
    return (await this.server.agreed(sent, INSTRUCTION)).signatures;
  }

  /** What the nodes that signed reveal. */
  async revealed(
    signatures: ReadonlyMap<bigint, Uint8Array>,
    lost: readonly bigint[] = [],
  ): Promise<Map<bigint, ReadonlyMap<bigint, Uint8Array>>> {
    const revealed = new Map<bigint, ReadonlyMap<bigint, Uint8Array>>();
    for (const id of signatures.keys()) {
      if (!lost.includes(id)) revealed.set(id, await this.reveal(id, signatures));
    }
    return revealed;
  }

  /** The first element of the sum of some nodes' vectors. */
  sumOf(ids: readonly bigint[]): number {
    return ids.reduce((sum, id) => sum + Number(id % 100n), 0);
  }
}
