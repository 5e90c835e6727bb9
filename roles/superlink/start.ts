import { RateLimiter } from "../../auth/rate_limiter.ts";
import { readKeyPair } from "../../auth/key_pair.ts";
import { TokenKeys } from "../../auth/token_keys.ts";
import { watchKeyList } from "../../auth/watch_key_list.ts";
import { systemClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { createLink } from "../../link/create_link.ts";
import type { LinkService } from "../../link/link.ts";
import { MemoryStore } from "../../link/store/memory.ts";
import { SqliteStore } from "../../link/store/sqlite.ts";
import { Driver } from "../../proto/gen/flwr-1.9/driver_pb.ts";
import { Fleet } from "../../proto/gen/flwr-1.9/fleet_pb.ts";
import { fleetAuthentication } from "../../rpc/dialects/flwr-1.9/server/authentication.ts";
import type { FleetCaller } from "../../rpc/dialects/flwr-1.9/server/caller.ts";
import { driverHandlers } from "../../rpc/dialects/flwr-1.9/server/driver_service.ts";
import { fleetHandlers } from "../../rpc/dialects/flwr-1.9/server/fleet_service.ts";
import { startServer } from "../../rpc/server.ts";
import { bindService, type ServiceOptions } from "../../rpc/service.ts";
import type { AuthenticationFiles, SuperLinkConfig } from "./config.ts";
import { JOIN_BURST, JOINS_PER_SECOND, SHUTDOWN_GRACE_SECONDS } from "./limits.ts";
import { logLinkEvent } from "./log_events.ts";
import { Revocations } from "./revocations.ts";
import { RunsInFlight } from "./runs_in_flight.ts";

const logger = log("superlink");

/** A SuperLink that serves. */
export interface RunningSuperLink extends AsyncDisposable {
  /** "host:port" of the Driver API, with the port that was taken. */
  readonly driverAddress: string;
  /** "host:port" of the Fleet API. */
  readonly fleetAddress: string;
  /** Serves until the signal is aborted. */
  runUntil(signal: AbortSignal): Promise<void>;
}

type Authentication = Pick<ServiceOptions<typeof Fleet, FleetCaller>, "admit" | "authenticate">;

/**
 * Starts a SuperLink: opens its store, reads the keys, listens.
 *
 * @throws FlwrError naming the flag, file or address that prevents it; nothing is left open then
 */
export async function startSuperLink(config: SuperLinkConfig): Promise<RunningSuperLink> {
  await using cleanup = new AsyncDisposableStack();
  const stopping = new AbortController();
  cleanup.defer(() => stopping.abort());
  const store = config.database === undefined ? new MemoryStore() : openDatabase(config.database);
  const inFlight = new RunsInFlight();
  const link = await createLink({
    store,
    clock: systemClock,
    random: systemRandom,
    onEvent(event) {
      inFlight.hear(event);
      logLinkEvent(event);
    },
  });
  cleanup.defer(() => link.close());
  const authentication = config.authentication === undefined
    ? admitEveryone()
    : await admitListedKeys(config.authentication, link, stopping.signal);
  const tls = config.tls && {
    ca: config.tls.authority,
    cert: config.tls.certificate,
    key: config.tls.key,
  };
  const driver = await startServer({
    address: config.driverAddress,
    tls,
    services: [
      bindService(Driver, {
        authenticate: () => Promise.resolve({}),
        handlers: driverHandlers(link),
      }),
    ],
  });
  cleanup.defer(() => driver.close(SHUTDOWN_GRACE_SECONDS));
  logger.info("Driver API ({tls}) on {address}", {
    tls: describeTls(config),
    address: driver.address,
  });
  const fleet = await startServer({
    address: config.fleetAddress,
    tls,
    services: [
      bindService(Fleet, { ...authentication, handlers: fleetHandlers(link, logFailure) }),
    ],
  });
  cleanup.defer(() => fleet.close(SHUTDOWN_GRACE_SECONDS));
  logger.info("Fleet API ({tls}) on {address}", {
    tls: describeTls(config),
    address: fleet.address,
  });
  logger.info("SuperLink ready");
  const running = cleanup.move();
  return {
    driverAddress: driver.address,
    fleetAddress: fleet.address,
    async runUntil(signal) {
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      logger.info("SuperLink stops: {reason}", { reason: String(signal.reason) });
      const outlook = config.database === undefined
        ? "their answers are lost with this SuperLink's memory"
        : "the run goes on when the SuperLink is started again on this database";
      for (const { runId, unanswered } of inFlight.list()) {
        logger.warn("Run {runId} is in flight, {unanswered} instructions unanswered: {outlook}", {
          runId,
          unanswered,
          outlook,
        });
      }
    },
    async [Symbol.asyncDispose]() {
      // Held pulls end first: they would keep the servers waiting.
      await link.close();
      await running.disposeAsync();
      logger.info("SuperLink stopped");
    },
  };
}

function openDatabase(file: string): SqliteStore {
  try {
    return new SqliteStore(file);
  } catch (error) {
    const { code, message, hints } = FlwrError.from(error);
    throw new FlwrError(code, `--database: ${message}`, { hints, cause: error });
  }
}

function admitEveryone(): Authentication {
  logger.warn("Authentication off: every SuperNode that reaches the Fleet API may join");
  const never = new AbortController().signal;
  return { authenticate: () => Promise.resolve({ revoked: never }) };
}

async function admitListedKeys(
  files: AuthenticationFiles,
  link: LinkService,
  signal: AbortSignal,
): Promise<Authentication> {
  const ownKey = await readKeyPair({
    privateFile: files.privateKey,
    publicFile: files.publicKey,
    privateFlag: "--auth-superlink-private-key",
    publicFlag: "--auth-superlink-public-key",
  });
  const revocations = new Revocations();
  const tokenKeys = new TokenKeys(ownKey);
  const list = await watchKeyList(
    { file: files.publicKeyList, flag: "--auth-list-public-keys" },
    {
      signal,
      onChange(added, removed) {
        for (const { fingerprint } of added) {
          logger.info("Key {fingerprint} was added to the list: its node may join", {
            fingerprint,
          });
        }
        for (const key of removed) {
          revocations.revoke(key);
          tokenKeys.forget(key);
          logger.warn("Key {fingerprint} was removed from the list: its node is cut off", {
            fingerprint: key.fingerprint,
          });
          cutOff(link, key.spki).catch(logFailure);
        }
      },
      onError: ({ message }) =>
        logger.error("The changed key list is not used, the one before still is: {message}", {
          message,
        }),
    },
  );
  logger.info("Authentication on: {count} public keys, own key {fingerprint}", {
    count: list.current.size,
    fingerprint: ownKey.publicKey.fingerprint,
  });
  if (list.current.size === 0) logger.warn("The key list is empty: no SuperNode can join");
  return fleetAuthentication({
    link,
    ownKey: ownKey.publicKey,
    tokenKeys,
    admitted: () => list.current,
    revoked: (key) => revocations.signalOf(key),
    joinLimiter: new RateLimiter({ burst: JOIN_BURST, perSecond: JOINS_PER_SECOND }),
    onDenied: (denial) =>
      logger.warn("Denied {method} from {peer}, key {fingerprint}: {reason}", { ...denial }),
  });
}

function logFailure(error: unknown): void {
  logger.error("Internal error: {error}", { error });
}

/** The node leaves against its will, so that whoever waits for its replies is told at once. */
async function cutOff(link: LinkService, spki: Uint8Array): Promise<void> {
  const node = await link.nodeOfKey(spki);
  if (node !== undefined) await link.deleteNode(node.nodeId);
}

function describeTls({ tls }: SuperLinkConfig): string {
  return tls === undefined ? "no TLS" : "TLS";
}
