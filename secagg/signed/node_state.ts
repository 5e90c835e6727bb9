import type { Advertisement } from "./advertisement.ts";
import type { Session } from "./session.ts";
import type { RoundSettings } from "./settings.ts";
import type { SigningKeyPair } from "./signing_key.ts";
import type { SharePair } from "./share_message.ts";
import type { X25519KeyPair } from "./x25519.ts";

/** The stages of a round, in order. */
export const STAGES = ["advertise", "share", "collect", "agree", "reveal"] as const;

/** A stage of a round. */
export type Stage = typeof STAGES[number];

/** What a node remembers after "advertise". */
export interface Advertised {
  readonly done: "advertise";
  readonly settings: RoundSettings;
  readonly own: Advertisement;
  readonly maskKeys: X25519KeyPair;
  readonly shareKeys: X25519KeyPair;
  readonly signingKeys: SigningKeyPair;
  /** The seed of its own mask, 32 bytes. */
  readonly seed: Uint8Array;
}

/** A participant as the others need it. */
export interface Peer {
  /** Its place among the participants in the order of their ids, from 1: the number of its shares. */
  readonly number: number;
  readonly maskKey: Uint8Array;
  readonly signingKey: Uint8Array;
  /** The secret of the share keys of both: 32 bytes. Empty for the node itself. */
  readonly shareSecret: Uint8Array;
}

/** What a node remembers after "share". */
export interface Shared {
  readonly done: "share";
  readonly settings: RoundSettings;
  readonly session: Session;
  readonly nodeId: bigint;
  /** All participants, this node among them. */
  readonly peers: ReadonlyMap<bigint, Peer>;
  readonly maskKey: Uint8Array;
  readonly signingKey: Uint8Array;
  readonly seed: Uint8Array;
  /** The node's shares of its own secrets. */
  readonly ownShares: SharePair;
}

/** What a node remembers after "collect": its own secrets are deleted. */
export interface Collected {
  readonly done: "collect";
  readonly session: Session;
  readonly nodeId: bigint;
  readonly threshold: number;
  readonly signingKey: Uint8Array;
  /** The hash of the instruction that the node trained by, 32 bytes. */
  readonly instruction: Uint8Array;
  /** The public signing keys of the nodes whose masks are on its vector, this node among them. */
  readonly senders: ReadonlyMap<bigint, Uint8Array>;
  /** Shares by owner: of those senders whose shares could be read. */
  readonly shares: ReadonlyMap<bigint, SharePair>;
}

/** What a node remembers after "agree": one of each owner's two shares. The other is deleted. */
export interface Agreed {
  readonly done: "agree";
  readonly session: Session;
  readonly nodeId: bigint;
  readonly threshold: number;
  /** The hash of the instruction that it signed, 32 bytes. */
  readonly instruction: Uint8Array;
  /** The nodes that it signed as survivors, with their public signing keys. */
  readonly survivors: ReadonlyMap<bigint, Uint8Array>;
  /** For survivors the share of the seed, for other senders the share of the mask key. */
  readonly shares: ReadonlyMap<bigint, Uint8Array>;
}

/** What a node remembers between two stages of a round. */
export type NodeState = Advertised | Shared | Collected | Agreed;
