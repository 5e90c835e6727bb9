import type { Replays } from "./replays.ts";
import { KeyList } from "../../auth/key_list.ts";
import { readKeyPair } from "../../auth/key_pair.ts";
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
  type NodeAuthenticationOptions,
} from "../../rpc/dialects/current/server/node_authentication.ts";
import type {
  FleetAuthenticationOptions,
} from "../../rpc/dialects/flwr-1.9/server/authentication.ts";
import type { AuthenticationFiles } from "./config.ts";
import { logFailure } from "./log_failure.ts";
import { type ListedNames, warnOfComments } from "./listed_names.ts";
import type { PublicKey } from "../../auth/public_key.ts";

/** Joins that one key may make in a burst. A node joins once per start. */
const JOIN_BURST = 10;
/** Joins per second that one key may make after a burst. */
const JOINS_PER_SECOND = 1;

const logger = log("superlink");

/** The authentication of SuperNodes, for each generation of the wire. */
export interface FleetAuthentications {
  /** For Flower 1.15 and later, where every call is signed, even if every SuperNode is admitted. */
  readonly current: NodeAuthentication;
  /** For Flower 1.8 to 1.14. Undefined if every SuperNode is admitted. */
  readonly legacy: FleetAuthenticationOptions | undefined;
}

/** Admits every SuperNode that reaches the Fleet API. @param replays refuses replayed signatures */
export function admitEveryone(
  link: Pick<Link, "nodes">,
  replays: Replays,
): FleetAuthentications {
  logger.warn("Authentication is off: any SuperNode that reaches the Fleet API may join");
  return {
    current: nodeAuthentication({ link, replays, joinLimiter: joinLimiter(), onDenied: logDenied }),
    legacy: undefined,
  };
}

/**
 * Admits SuperNodes whose keys were registered or are listed. The list is read again when its file changes.
 *
 * @throws FlwrError naming the file and flag that is wrong
 */
export async function admitKnownKeys(
  files: AuthenticationFiles & OwnScalar,
  { link, replays, names, signal }: AdmissionServices,
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

/** What admission by keys uses. */
export interface AdmissionServices {
  readonly link: Pick<Link, "nodes">;
  /** Refuses replayed signatures. */
  readonly replays: Replays;
  /** Gets the node names from the list. */
  readonly names: ListedNames;
  /** Stops watching the list. */
  readonly signal: AbortSignal;
}

/** The own key of a SuperLink of several processes, if no file has one: all have the same. */
interface OwnScalar {
  readonly scalar?: Uint8Array;
}

/**
 * The SuperLink's own key, from which SuperNodes of Flower 1.8 to 1.14 derive a shared secret. A generated key lasts as
 * long as this process, so those nodes must join again after a restart.
 */
async function ownKeyOf(
  { ownKey, scalar }: AuthenticationFiles & OwnScalar,
): Promise<PrivateKey> {
  if (ownKey === undefined) {
    return scalar === undefined
      ? await PrivateKey.generate("P-384")
      : await PrivateKey.fromScalar("P-384", scalar, "of the starting process");
  }
  return await readKeyPair({
    privateFile: ownKey.privateKey,
    publicFile: ownKey.publicKey,
    privateFlag: "--auth-superlink-private-key",
    publicFlag: "--auth-superlink-public-key",
  });
}

const NO_KEYS = new KeyList();

/** The objects that a change of the key list affects. */
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
        disconnectNode(link, key.spki).catch(logFailure);
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

/** Makes the node of a removed key leave, so that ServerApps that wait for its replies get an error at once. */
async function disconnectNode(link: Pick<Link, "nodes">, spki: Uint8Array): Promise<void> {
  const node = await link.nodes.ofKey(spki);
  // A node that its owner registered stays, because registration admits it without the list.
  if (node !== undefined && node.registeredBy === "self") await link.nodes.leave(node.nodeId);
}

function joinLimiter(): RateLimiter {
  return new RateLimiter({ burst: JOIN_BURST, perSecond: JOINS_PER_SECOND });
}

function logDenied(denied: Parameters<NodeAuthenticationOptions["onDenied"]>[0]): void {
  logger.warn("Denied {method} from {peer}, key {fingerprint}: {reason}", {
    event: "call-denied",
    ...denied,
    fingerprint: denied.fingerprint ?? "unknown",
    ...causedBy("denied calls", hostOfPeer(denied.peer)),
  });
}

/** Revocations of keys: ends the open calls of a key that was removed from the list. */
class Revocations {
  readonly #controllers = new Map<string, AbortController>();

  /** Returns a signal that is aborted when the key is removed. A key that is listed again gets a new one. */
  signalOf(key: PublicKey): AbortSignal {
    const known = this.#controllers.get(key.pem);
    if (known !== undefined) return known.signal;
    const controller = new AbortController();
    this.#controllers.set(key.pem, controller);
    return controller.signal;
  }

  /** Ends the open calls of a key. */
  revoke(key: PublicKey): void {
    this.#controllers.get(key.pem)?.abort();
    this.#controllers.delete(key.pem);
  }
}
