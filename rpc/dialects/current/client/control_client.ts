import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { ConfigRecord } from "../../../../app/config_record.ts";
import type { NodeId, RunId } from "../../../../entities/metadata.ts";
import { type Clock, systemClock } from "../../../../base/clock.ts";
import { type ErrorCode, FlwrError } from "../../../../base/error.ts";
import { Control } from "../../../../proto/gen/current/control_pb.ts";
import { ApiError } from "../../../api_error.ts";
import type { CallOptions, Channel } from "../../../channel.ts";
import { isRetryable, NO_RETRY } from "../../../retry.ts";
import { secondsOfIsoTime } from "../iso_time.ts";
import { configToWire } from "../scalar.ts";
import {
  type FederationSummary,
  federationSummary,
  type NodeSummary,
  nodeSummary,
  type RunSummary,
  runSummary,
} from "./control_summaries.ts";
import { CALL_DEADLINE_SECONDS, PUSH_DEADLINE_SECONDS } from "./limits.ts";
import { explainRefusal } from "./refusal.ts";

/** Bytes of a log that come in one message: a long log is shown while it comes. */
const LOG_PART_BYTES = 262_144n;

/** Seconds without the server after which a follower of a log gives up. */
const LOG_RECONNECT_SECONDS = 60;

/** Seconds between two tries to follow a log again. */
const LOG_RETRY_SECONDS = 1;

/** What SuperLinks of Flower 1.24 and 1.25 answer where no federation is named; nothing has been started then. */
const WANTS_FEDERATION = "Federation '' does not exist.";
/** How these call their only federation. */
const OLDER_FEDERATION = "default";
/** What SuperLinks of Flower 1.26 and 1.29 answer to a call that they do not know: they fail over who may make it. */
const UNKNOWN_CALL = "Error in service handler!";

/** Codes of errors with which a SuperLink was not reached, or does not speak what was spoken, unless it numbers them. */
const NOT_REACHED: ReadonlySet<ErrorCode> = new Set([
  "deadline-exceeded",
  "failed-precondition",
  "unavailable",
  "unimplemented",
]);

/** An app that is to run. */
export interface RunSubmission {
  /** The app bundle (FAB), and the SHA-256 of its bytes in lower-case hexadecimal. */
  readonly fab: { readonly content: Uint8Array; readonly hash: string };
  /** Settings that differ from the app's own. */
  readonly overrideConfig: ConfigRecord;
  /** Default: the SuperLink's own. */
  readonly federation?: string;
  /** The series to go on with; a new one by default. */
  readonly seriesId?: bigint;
}

/** A run that was started. */
export interface StartedRun {
  readonly runId: RunId;
  readonly seriesId: bigint | undefined;
  /** Empty from SuperLinks before 1.40. */
  readonly federation: string;
  /** What the SuperLink has to say about it. */
  readonly note: string | undefined;
}

/** What a server lists, and its time at that: Unix seconds; this machine's where it does not say. */
export interface Listing<T> {
  readonly items: readonly T[];
  readonly now: number;
}

/** What an app wrote. */
export interface LogText {
  readonly text: string;
  /** Unix time in seconds of the last line: follow from here. */
  readonly latest: number;
  /** Whether all has come that there was when the call began; undefined from a SuperLink that does not say. */
  readonly whole?: boolean;
}

/** From where to follow a log. */
export interface LogOptions {
  /** LogText.latest of what is known already; default: everything. */
  readonly after?: number;
  readonly signal?: AbortSignal;
}

/** A node that is to be registered. */
export interface NodeRegistration {
  /** SPKI in PEM. */
  readonly publicKeyPem: string;
  readonly name?: string;
  /** "latitude,longitude" in degrees. */
  readonly location?: string;
}

/**
 * The Control API of any SuperLink, over HTTP (Flower 1.38 and later) or gRPC (before). Every method rejects with a
 * FlwrError in the server's words, with a hint where Flower's number says what is wrong.
 */
export class ControlClient {
  readonly #channel: Channel;
  readonly #clock: Clock;

  constructor(channel: Channel, clock: Clock = systemClock) {
    this.#channel = channel;
    this.#clock = clock;
  }

  /** Submits an app, once: if the answer is lost, nobody knows whether it runs. @throws FlwrError "resource-exhausted" when the SuperLink takes none that large */
  async startRun(
    { fab, overrideConfig, federation, seriesId }: RunSubmission,
  ): Promise<StartedRun> {
    const submit = (federation: string) =>
      this.#call(
        Control.method.startRun,
        {
          fab: { hashStr: fab.hash, content: fab.content },
          overrideConfig: configToWire(overrideConfig),
          federation,
          ...(seriesId !== undefined && { seriesId }),
        },
        { timeoutSeconds: PUSH_DEADLINE_SECONDS, retry: NO_RETRY },
      );
    const response = await submit(federation ?? "").catch((error) => {
      const { message } = FlwrError.from(error);
      if (federation !== undefined || message !== WANTS_FEDERATION) throw error;
      return submit(OLDER_FEDERATION);
    });
    if (response.runId === undefined) {
      throw new FlwrError(
        "resource-exhausted",
        `The SuperLink did not start the app: its bundle of ${fab.content.length} bytes may be too large`,
        { hints: ["Leave data and other large files out of the app: [tool.flwr.app] fab-exclude"] },
      );
    }
    const { runId, note } = response;
    return { runId, note, seriesId: response.seriesId, federation: response.federation };
  }

  /**
   * Gives the SuperLink a piece of an attachment, and asks which of the named pieces it does not have.
   *
   * @param content the piece; default: none
   * @returns undefined from a SuperLink that takes no attachments, as Flower's own
   */
  async pushAttachment(
    pieces: readonly string[],
    content: Uint8Array = new Uint8Array(),
  ): Promise<readonly string[] | undefined> {
    try {
      const request = { pieces: [...pieces], content };
      const options = { timeoutSeconds: PUSH_DEADLINE_SECONDS };
      return (await this.#call(Control.method.pushAttachment, request, options)).missing;
    } catch (error) {
      const { code, message } = FlwrError.from(error);
      if (code === "unimplemented" || message === UNKNOWN_CALL) return undefined;
      throw error;
    }
  }

  /** The newest runs first. @param range how many (the SuperLink's default: 20), after skipping how many */
  async listRuns(range: { limit?: number; skip?: number } = {}): Promise<Listing<RunSummary>> {
    const { limit, skip } = range;
    const { runDict, now } = await this.#call(Control.method.listRuns, {
      ...(limit !== undefined && { limit: BigInt(limit) }),
      ...(skip !== undefined && { skip: BigInt(skip) }),
    });
    const items = Object.values(runDict).map(runSummary).sort((a, b) => b.pendingAt - a.pendingAt);
    return { items, now: this.#time(now) };
  }

  /**
   * Connects, and says that an app is about to be submitted, so that a SuperLink of ours gets ready to run it. To Flower's
   * it is a question like any other.
   *
   * @throws FlwrError when the SuperLink was not reached or does not speak this; what else it says concerns nobody
   */
  async expectRun(): Promise<void> {
    try {
      await this.#call(Control.method.listRuns, { limit: 1n, submits: true });
    } catch (error) {
      const { code, cause } = FlwrError.from(error);
      if (NOT_REACHED.has(code) && !(cause instanceof ApiError)) throw error;
    }
  }

  /** One run. @throws FlwrError "not-found" */
  async getRun(runId: RunId): Promise<{ run: RunSummary; now: number }> {
    const { runDict, now } = await this.#call(Control.method.listRuns, { runId });
    const run = runDict[String(runId)];
    if (run === undefined) throw new FlwrError("not-found", `Run "${runId}" is not known`);
    return { run: runSummary(run), now: this.#time(now) };
  }

  /** Stops a run. @throws FlwrError "not-found"; "failed-precondition" when it is over */
  async stopRun(runId: RunId): Promise<void> {
    const { success } = await this.#call(Control.method.stopRun, { runId });
    if (!success) {
      throw new FlwrError("failed-precondition", `The SuperLink could not stop run ${runId}`);
    }
  }

  /**
   * What a run's ServerApp writes, until the run is over. Goes on where it was when the connection breaks, for up to
   * LOG_RECONNECT_SECONDS without the SuperLink.
   *
   * @throws FlwrError "not-found"; "unavailable"; "cancelled" by the signal
   */
  async *streamLogs(
    runId: RunId,
    { after = 0, signal }: LogOptions = {},
  ): AsyncGenerator<LogText, void, void> {
    let afterTimestamp = after;
    let heardAt = this.#clock.now();
    for (;;) {
      try {
        const request = { runId, afterTimestamp, partBytes: LOG_PART_BYTES };
        const pieces = this.#channel.stream(Control.method.streamLogs, request, {
          ...(signal && { signal }),
        });
        for await (const { logOutput: text, latestTimestamp: latest, whole } of pieces) {
          heardAt = this.#clock.now();
          afterTimestamp = latest;
          yield { text, latest, ...(whole !== undefined && { whole }) };
        }
        return;
      } catch (error) {
        const refusal = explainRefusal(error);
        const lost = this.#clock.now() - heardAt >= LOG_RECONNECT_SECONDS;
        if (lost || signal?.aborted || !isRetryable(refusal)) throw refusal;
        await this.#clock.sleep(LOG_RETRY_SECONDS, signal);
      }
    }
  }

  /** Where the artifacts of a finished run can be fetched. @throws FlwrError "not-found"; "failed-precondition" when there are none */
  async pullArtifacts(runId: RunId): Promise<string> {
    const { url } = await this.#call(Control.method.pullArtifacts, { runId });
    if (url !== undefined && url !== "") return url;
    throw new FlwrError(
      "not-found",
      `The SuperLink did not say where run ${runId}'s artifacts are`,
    );
  }

  /** Makes a node's key known. @throws FlwrError "already-exists"; "invalid-argument" */
  async registerNode({ publicKeyPem, name, location }: NodeRegistration): Promise<NodeId> {
    const { nodeId } = await this.#call(Control.method.registerNode, {
      publicKey: new TextEncoder().encode(publicKeyPem),
      ...(name !== undefined && { name }),
      ...(location !== undefined && { location }),
    }, { timeoutSeconds: CALL_DEADLINE_SECONDS, retry: NO_RETRY });
    if (nodeId !== undefined) return nodeId;
    throw new FlwrError("data-loss", "The SuperLink registered the node but did not say its id");
  }

  /** Ends a node's membership for good. @throws FlwrError "not-found" */
  async unregisterNode(nodeId: NodeId): Promise<void> {
    await this.#call(Control.method.unregisterNode, { nodeId });
  }

  /** All nodes, the unregistered ones included. */
  async listNodes(): Promise<Listing<NodeSummary>> {
    const { nodesInfo, now } = await this.#call(Control.method.listNodes, {});
    return { items: nodesInfo.map(nodeSummary), now: this.#time(now) };
  }

  /** The federations that the caller is in, without what is in them. */
  async listFederations(): Promise<FederationSummary[]> {
    const { federations } = await this.#call(Control.method.listFederations, {});
    return federations.map(federationSummary);
  }

  /** A federation with its nodes and runs. @throws FlwrError "not-found" */
  async showFederation(name: string): Promise<{ federation: FederationSummary; now: number }> {
    const { federation, now } = await this.#call(Control.method.showFederation, {
      federationName: name,
    });
    if (federation === undefined) {
      throw new FlwrError("not-found", `Federation "${name}" does not exist`);
    }
    return { federation: federationSummary(federation), now: this.#time(now) };
  }

  /** Closes the connection; open calls end. */
  close(): void {
    this.#channel.close();
  }

  async #call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options: CallOptions = { timeoutSeconds: CALL_DEADLINE_SECONDS },
  ): Promise<MessageShape<M["output"]>> {
    try {
      return (await this.#channel.call(method, request, options)).response;
    } catch (error) {
      throw explainRefusal(error);
    }
  }

  #time(text: string): number {
    return secondsOfIsoTime(text) ?? this.#clock.now();
  }
}
