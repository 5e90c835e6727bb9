import type { PemKeyPair } from "../key_agreement.ts";
import type { RoundSettings } from "./settings.ts";

/** The stages of a round, in order, as Flower calls them. */
export const STAGES = ["setup", "share_keys", "collect_masked_vectors", "unmask"] as const;

/** A stage of a round. */
export type Stage = typeof STAGES[number];

/** A node after "setup": it has published its keys. */
export interface SetUp {
  readonly done: "setup";
  readonly nodeId: bigint;
  readonly settings: RoundSettings;
  /** For pairwise masks. */
  readonly maskKeys: PemKeyPair;
  /** For the encryption of shares. */
  readonly shareKeys: PemKeyPair;
}

/** A node after "share_keys": it has sent the shares of its secrets. The key pair for shares is forgotten. */
export interface KeysShared {
  readonly done: "share_keys";
  readonly nodeId: bigint;
  readonly settings: RoundSettings;
  /** The private key for pairwise masks, in PEM. */
  readonly maskKey: Uint8Array;
  /** 32 bytes: the seed of the node's own mask. */
  readonly seed: Uint8Array;
  /** The share of its seed that the node keeps for itself. */
  readonly ownSeedShare: Uint8Array;
  /** The other nodes that may send shares, by id. */
  readonly peers: ReadonlyMap<bigint, Peer>;
}

/** A neighbour of a node. */
export interface Peer {
  /** Its public key for pairwise masks, in PEM. */
  readonly maskKey: Uint8Array;
  /** The key that is shared with it for the encryption of shares. */
  readonly shareKey: Uint8Array;
}

/** A node after "collect_masked_vectors": it has sent its vector and keeps only the shares of others. */
export interface VectorSent {
  readonly done: "collect_masked_vectors";
  readonly nodeId: bigint;
  readonly threshold: number;
  /** Shares of seeds, by owner, its own among them. */
  readonly seedShares: ReadonlyMap<bigint, Uint8Array>;
  /** Shares of private keys for masks, by owner. */
  readonly keyShares: ReadonlyMap<bigint, Uint8Array>;
}

/** What a node remembers between two stages. It holds secrets: never log it. */
export type NodeState = SetUp | KeysShared | VectorSent;
