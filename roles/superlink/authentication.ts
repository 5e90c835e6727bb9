import { KeyList } from "../../auth/key_list.ts";
import { readKeyPair } from "../../auth/key_pair.ts";
import type { LastingReplayGuard } from "../../auth/lasting_replay_guard.ts";
import { PrivateKey } from "../../auth/private_key.ts";
import { RateLimiter } from "../../auth/rate_limiter.ts";
import { TokenKeys } from "../../auth/token_keys.ts";
import { watchKeyList } from "../../auth/watch_key_list.ts";
import { log } from "../../base/log.ts";
import { causedBy } from "../../base/log_limiter.ts";
import type { Link } from "../../link/link.ts";
import { hostOfPeer } from "../../rpc/address.ts";
import {
  type KnownKeys,
  type NodeAuthentication,
  nodeAuthentication,
} from "../../rpc/dialects/current/server/node_authentication.ts";
import type {
  FleetAuthenticationOptions,
} from "../../rpc/dialects/flwr-1.9/server/authentication.ts";
import type { AuthenticationFiles } from "./config.ts";
import { logFailure } from "./log_failure.ts";
import { type ListedNames, warnOfComments } from "./listed_names.ts";
import type { PublicKey } from "../../auth/public_key.ts";

/** How often the holder of one key may join: at once, and per second in the long run. A node joins once a start. */
const JOIN_BURST = 10;
const JOINS_PER_SECOND = 1;

const logger = log("superlink");

/** How SuperNodes are told from strangers, for each generation of the wire. */
export interface FleetAuthentications {
  /** Flower 1.15 and later: every call is signed, whether or not known keys alone are admitted. */
  readonly current: NodeAuthentication;
  /** Flower 1.8 to 1.14: what their authentication needs; undefined where every SuperNode is admitted. */
  readonly legacy: FleetAuthenticationOptions | undefined;
}

/** Admits every SuperNode that reaches the Fleet API. @param replays remembers their signatures */
export function admitEveryone(
  link: Pick<Link, "nodes">,
  replays: LastingReplayGuard,
): FleetAuthentications {
  logger.warn("Authentication is off: any SuperNode that reaches the Fleet API may join");
  return {
    current: nodeAuthentication({ link, replays, joinLimiter: joinLimiter(), onDenied: logDenied }),
    legacy: undefined,
  };
}

/**
 * Admits SuperNodes whose keys were registered, or stand in the list, which is followed as its file changes.
 *
 * @param replays remembers their signatures
 * @param names hears what the list calls its keys
 * @param signal ends the following
 * @throws FlwrError naming the file and flag that is wrong
 */
export async function admitKnownKeys(
  files: AuthenticationFiles,
  link: Pick<Link, "nodes">,
  replays: LastingReplayGuard,
  names: ListedNames,
  signal: AbortSignal,
): Promise<FleetAuthentications> {
  const ownKey = await ownKeyOf(files);
  const tokenKeys = new TokenKeys(ownKey);
  const revocations = new Revocations();
  const listed = files.publicKeyList === undefined
    ? () => NO_KEYS
    : await followList(files.publicKeyList, { link, revocations, tokenKeys, signal });
  names.follow(listed);
  const known: KnownKeys = { listed, revoked: (key) => revocations.signalOf(key) };
  logger.info("Authentication is on: {count} public keys listed, own key {fingerprint}", {
    count: listed().size,
    fingerprint: ownKey.publicKey.fingerprint,
  });
  const limiter = joinLimiter();
  return {
    current: nodeAuthentication({
      link,
      known,
      replays,
      joinLimiter: limiter,
      onDenied: logDenied,
    }),
    legacy: {
      link,
      ownKey: ownKey.publicKey,
      tokenKeys,
      admitted: listed,
      revoked: known.revoked,
      joinLimiter: limiter,
      onDenied: logDenied,
    },
  };
}

/**
 * The SuperLink's own key, with which SuperNodes of Flower 1.8 to 1.14 make a shared secret. One that is made here lives
 * as long as this process: those nodes must join again after it.
 */
async function ownKeyOf({ ownKey }: AuthenticationFiles): Promise<PrivateKey> {
  if (ownKey === undefined) return await PrivateKey.generate("P-384");
  return await readKeyPair({
    privateFile: ownKey.privateKey,
    publicFile: ownKey.publicKey,
    privateFlag: "--auth-superlink-private-key",
    publicFlag: "--auth-superlink-public-key",
  });
}

const NO_KEYS = new KeyList();

/** What a change of the key list acts on. */
interface ListFollower {
  readonly link: Pick<Link, "nodes">;
  readonly revocations: Revocations;
  readonly tokenKeys: TokenKeys;
  readonly signal: AbortSignal;
}

async function followList(
  file: string,
  { link, revocations, tokenKeys, signal }: ListFollower,
): Promise<() => KeyList> {
  const list = await watchKeyList({ file, flag: "--auth-list-public-keys" }, {
    signal,
    onChange(added, removed) {
      warnOfComments(added);
      for (const { fingerprint } of added) {
        logger.info("Key {fingerprint} was added to the list: its node may join", {
          event: "key-added",
          fingerprint,
        });
      }
      for (const key of removed) {
        revocations.revoke(key);
        tokenKeys.forget(key);
        logger.warn("Key {fingerprint} was removed from the list: its node is disconnected", {
          event: "key-removed",
          fingerprint: key.fingerprint,
        });
        cutOff(link, key.spki).catch(logFailure);
      }
    },
    onError: ({ message }) =>
      logger.error("The changed key list is invalid, so the previous one stays in use: {message}", {
        message,
      }),
  });
  warnOfComments(list.current.keys());
  if (list.current.size === 0) logger.warn("The key list is empty, so no SuperNode can join");
  return () => list.current;
}

/** The node leaves against its will, so that whoever waits for its replies is told at once. */
async function cutOff(link: Pick<Link, "nodes">, spki: Uint8Array): Promise<void> {
  const node = await link.nodes.ofKey(spki);
  // The owner's registration counts for itself.
  if (node !== undefined && node.registeredBy === "self") await link.nodes.leave(node.nodeId);
}

function joinLimiter(): RateLimiter {
  return new RateLimiter({ burst: JOIN_BURST, perSecond: JOINS_PER_SECOND });
}

/** A refused call, of either generation. */
interface Denied {
  readonly method: string;
  readonly peer: string;
  readonly fingerprint: string | undefined;
  readonly reason: string;
}

function logDenied(denied: Denied): void {
  logger.warn("Denied {method} from {peer}, key {fingerprint}: {reason}", {
    event: "call-denied",
    ...denied,
    fingerprint: denied.fingerprint ?? "unknown",
    ...causedBy("denied calls", hostOfPeer(denied.peer)),
  });
}

/** Ends the held calls of keys that were removed from the list. */
class Revocations {
  readonly #controllers = new Map<string, AbortController>();

  /** Aborted when the key is removed; a key that is listed again starts anew. */
  signalOf(key: PublicKey): AbortSignal {
    const known = this.#controllers.get(key.pem);
    if (known !== undefined) return known.signal;
    const controller = new AbortController();
    this.#controllers.set(key.pem, controller);
    return controller.signal;
  }

  /** Ends what the key's holder has open. */
  revoke(key: PublicKey): void {
    this.#controllers.get(key.pem)?.abort();
    this.#controllers.delete(key.pem);
  }
}
