import type { SimulationSettings } from "../../../../entities/simulation.ts";
import { hasFaultSettings, simulationToBytes, simulationToWire } from "../simulation.ts";
import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { ConfigRecord } from "../../../../app/config_record.ts";
import type { NodeId, RunId } from "../../../../entities/metadata.ts";
import type { JournalRecord } from "../../../../entities/journal.ts";
import { mayHaveStarted } from "../../../../entities/run.ts";
import { type Clock, systemClock } from "../../../../base/clock.ts";
import { type ErrorCode, FlwrError } from "../../../../base/error.ts";
import { Control } from "../../../../proto/gen/current/control_pb.ts";
import { ApiError } from "../../../api_error.ts";
import type { CallOptions, Channel } from "../../../channel.ts";
import { isRetryable, NO_RETRY } from "../../../retry.ts";
import { recordFromWire } from "../task_event.ts";
import { Silence } from "./silence.ts";
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

/** Bytes of a log per message, because a long log is shown while it arrives. */
const LOG_PART_BYTES = 262_144n;

/** Seconds without a connection to the server after which following a log is given up. */
const LOG_RECONNECT_SECONDS = 60;

/** Seconds between two attempts to reconnect to a log. */
const LOG_RETRY_SECONDS = 1;

/**
 * Seconds after which an attempt to follow a log counts as connected even though nothing arrived: no attempt to connect
 * takes that long, and Flower's own SuperLink sends nothing until there is a new line.
 */
const LOG_CONNECTED_SECONDS = 30;

/** Seconds without a record after which a stream of existing records is given up. */
const EVENTS_SILENCE_SECONDS = 3;

/** Response of SuperLinks of Flower 1.24 and 1.25 to a request without a federation. Nothing has been started then. */
const WANTS_FEDERATION = "Federation '' does not exist.";
/** The only federation of these versions. */
const OLDER_FEDERATION = "default";
/** Response of SuperLinks of Flower 1.26 and 1.29 to an unknown call, whose authorization check fails. */
const UNKNOWN_CALL = "Error in service handler!";

/**
 * Error codes that mean the SuperLink was not reached or does not support the protocol, unless the error has a
 * number.
 */
const NOT_REACHED: ReadonlySet<ErrorCode> = new Set([
  "deadline-exceeded",
  "failed-precondition",
  "unavailable",
  "unimplemented",
]);

/** Whether a call failed after it was sent, so that it may have had its effect. Errors before that have hints. */
function isWithoutAnswer(error: unknown): error is FlwrError {
  return error instanceof FlwrError && error.hints.length === 0 &&
    !(error.cause instanceof ApiError) &&
    (error.code === "unavailable" || error.code === "deadline-exceeded");
}

/** An app to be run. */
export interface RunSubmission {
  /** The app bundle (FAB), and the SHA-256 of its bytes in lower-case hexadecimal. */
  readonly fab: { readonly content: Uint8Array; readonly hash: string };
  /** Settings that differ from the app's own. */
  readonly overrideConfig: ConfigRecord;
  /** Default: the SuperLink's own. */
  readonly federation?: string;
  /** The series to continue; a new one by default. */
  readonly seriesId?: bigint;
  /** The run from whose last checkpoint the new one goes on; none by default. */
  readonly resumeFrom?: RunId;
  /** Settings of simulated nodes that differ from the federation's. */
  readonly simulation?: SimulationSettings;
  /** The settings of each simulated node: see `countTableNodes`. */
  readonly nodeTable?: Uint8Array;
}

/** A started run. */
export interface StartedRun {
  readonly runId: RunId;
  readonly seriesId: bigint | undefined;
  /** Empty from SuperLinks before 1.40. */
  readonly federation: string;
  /** The SuperLink's message to the user. */
  readonly note: string | undefined;
}

/**
 * A server's list, and its time when it made the list, in Unix seconds; this machine's time if the server sends none.
 */
export interface Listing<T> {
  readonly items: readonly T[];
  readonly now: number;
}

/** A piece of a run's log. */
export interface RunLogChunk {
  readonly text: string;
  /** Unix time in seconds of the last line. Pass it as `after` to continue from here. */
  readonly latest: number;
  /** Whether this piece completes what existed when the call began; undefined if the SuperLink does not say. */
  readonly caughtUp?: boolean;
}

/** Options for following a log. */
export interface RunLogOptions {
  /** RunLogChunk.latest of the last known piece; by default the whole log. */
  readonly after?: number;
  readonly signal?: AbortSignal;
  /**
   * Called when the connection was lost and the first attempt to reconnect failed. `giveUpSeconds` is the time that is
   * left for further attempts. Called once per loss.
   */
  readonly onLost?: (error: FlwrError, giveUpSeconds: number) => void;
  /** Called when the SuperLink answers again after `onLost`. */
  readonly onReconnect?: () => void;
}

/** A node to be registered. */
export interface NodeRegistration {
  /** SPKI in PEM. */
  readonly publicKeyPem: string;
  readonly name?: string;
  /** "latitude,longitude" in degrees. */
  readonly location?: string;
}

/**
 * Client of any SuperLink's Control API, over HTTP (Flower 1.38 and later) or gRPC (before). Methods reject with a
 * FlwrError that has the server's message, and a hint if the error has one of Flower's numbers.
 */
export class ControlClient {
  readonly #channel: Channel;
  readonly #clock: Clock;

  constructor(channel: Channel, clock: Clock = systemClock) {
    this.#channel = channel;
    this.#clock = clock;
  }

  /**
   * Submits an app without retries, because after a lost response it may already be running.
   *
   * @throws FlwrError "resource-exhausted" if the bundle is too large for the SuperLink; "unavailable" or
   *   "deadline-exceeded" if it was not reached, or if the run may have started: the message says so
   */
  async startRun(
    { fab, overrideConfig, federation, seriesId, resumeFrom, simulation, nodeTable }: RunSubmission,
  ): Promise<StartedRun> {
    const submit = (federation: string) =>
      this.#call(
        Control.method.startRun,
        {
          fab: { hashStr: fab.hash, content: fab.content },
          overrideConfig: configToWire(overrideConfig),
          federation,
          ...(seriesId !== undefined && { seriesId }),
          ...(resumeFrom !== undefined && { resumeRunId: resumeFrom }),
          ...(simulation && { overrideFederationConfig: simulationToBytes(simulation) }),
          ...(nodeTable !== undefined && { nodeTable }),
        },
        { timeoutSeconds: PUSH_DEADLINE_SECONDS, retry: NO_RETRY },
      );
    const response = await submit(federation ?? "").catch((error) => {
      const { message } = FlwrError.from(error);
      if (federation !== undefined || message !== WANTS_FEDERATION) throw error;
      return submit(OLDER_FEDERATION);
    }).catch((error) => {
      if (!isWithoutAnswer(error)) throw error;
      throw new FlwrError(error.code, mayHaveStarted(error.message), { cause: error.cause });
    });
    if (response.runId === undefined) {
      throw new FlwrError(
        "resource-exhausted",
        `The SuperLink did not start the app: its bundle of ${fab.content.length} bytes may be too large`,
        { hints: ["Leave data and other large files out of the app: [tool.flwr.app] fab-exclude"] },
      );
    }
    const { runId, note } = response;
    if (resumeFrom !== undefined && !response.resumed) {
      // It does not know the request's field, and has started the run anew.
      await this.stopRun(runId).catch(() => {});
      throw new FlwrError("unimplemented", "--resume: this SuperLink cannot resume runs", {
        hints: ["Submit the app without --resume, or to a SuperLink of this version of flwr"],
      });
    }
    if (simulation?.workersTokenHash !== undefined && !response.simulatedByWorkers) {
      // It would simulate the nodes itself, or use its SuperNodes.
      await this.stopRun(runId).catch(() => {});
      throw new FlwrError(
        "unimplemented",
        "--engine: the nodes of this SuperLink cannot be simulated by workers on other machines",
        { hints: ["Submit the app to one of this version of flwr, started with --simulation"] },
      );
    }
    const needsSimulation = nodeTable !== undefined ||
      (simulation !== undefined && hasFaultSettings(simulation));
    if (needsSimulation && !response.simulatedAsAsked) {
      await this.stopRun(runId).catch(() => {});
      throw new FlwrError(
        "unimplemented",
        "This SuperLink cannot simulate nodes with faults or with a table of settings",
        {
          hints: [
            "Run the app on this machine: flwr run without a SuperLink",
            "Start a SuperLink of this version of flwr: flwr superlink --simulation",
          ],
        },
      );
    }
    return { runId, note, seriesId: response.seriesId, federation: response.federation };
  }

  /**
   * Uploads a piece of an attachment, and asks which of the named pieces the SuperLink lacks.
   *
   * @param content the piece; none by default
   * @returns undefined if the SuperLink does not support attachments, as Flower's own
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

  /** Lists runs, newest first. @param range number of runs to return (the SuperLink's default: 20) and to skip */
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
   * Connects and announces that an app is about to be submitted, so our SuperLink prepares a process for it. For
   * Flower's SuperLink it is an ordinary list request.
   *
   * @throws FlwrError if the SuperLink was not reached or does not support the protocol; other errors are ignored
   */
  async expectRun(): Promise<void> {
    try {
      await this.#call(Control.method.listRuns, { limit: 1n, submits: true });
    } catch (error) {
      const { code, cause } = FlwrError.from(error);
      if (NOT_REACHED.has(code) && !(cause instanceof ApiError)) throw error;
    }
  }

  /** Returns one run. @throws FlwrError "not-found" */
  async getRun(runId: RunId): Promise<{ run: RunSummary; now: number }> {
    const { runDict, now } = await this.#call(Control.method.listRuns, { runId });
    const run = runDict[String(runId)];
    if (run === undefined) throw new FlwrError("not-found", `Run "${runId}" does not exist`);
    return { run: runSummary(run), now: this.#time(now) };
  }

  /** Stops a run. @throws FlwrError "not-found"; "failed-precondition" if it has finished */
  async stopRun(runId: RunId): Promise<void> {
    const { success } = await this.#call(Control.method.stopRun, { runId });
    if (!success) {
      throw new FlwrError("failed-precondition", `The SuperLink could not stop run ${runId}`);
    }
  }

  /**
   * Streams the log of a run's ServerApp until the run is finished. Resumes after a broken connection, for up to
   * LOG_RECONNECT_SECONDS without the SuperLink.
   *
   * @throws FlwrError "not-found"; "unavailable"; "cancelled" by the signal
   */
  async *streamLogs(
    runId: RunId,
    { after = 0, signal, onLost, onReconnect }: RunLogOptions = {},
  ): AsyncGenerator<RunLogChunk, void, void> {
    const options = { retry: NO_RETRY, ...(signal && { signal }) };
    let afterTimestamp = after;
    /** When the connection was lost. Undefined while it works. */
    let lostAt: number | undefined;
    /** The last report of this loss. */
    let reported: "lost" | "back" | undefined;
    const works = () => lostAt = reported = undefined;
    for (;;) {
      let streamsSince = Infinity;
      try {
        if (reported === "lost") {
          // The stream itself may stay silent until the app writes a line.
          const timeoutSeconds = CALL_DEADLINE_SECONDS;
          await this.#call(Control.method.listRuns, { runId }, { ...options, timeoutSeconds });
          reported = "back";
          onReconnect?.();
        }
        streamsSince = this.#clock.now();
        const request = { runId, afterTimestamp, partBytes: LOG_PART_BYTES };
        const pieces = this.#channel.stream(Control.method.streamLogs, request, options);
        for await (const { logOutput: text, latestTimestamp: latest, whole } of pieces) {
          works();
          afterTimestamp = latest;
          yield { text, latest, ...(whole !== undefined && { caughtUp: whole }) };
        }
        return;
      } catch (error) {
        const refusal = explainRefusal(error);
        const now = this.#clock.now();
        if (now - streamsSince >= LOG_CONNECTED_SECONDS) works();
        const isFirst = lostAt === undefined;
        lostAt ??= now;
        const left = lostAt + LOG_RECONNECT_SECONDS - now;
        if (left <= 0 || signal?.aborted || !isRetryable(refusal)) throw refusal;
        // A proxy that closes silent connections needs no message: the first attempt succeeds.
        if (!isFirst && reported === undefined) {
          reported = "lost";
          onLost?.(refusal, left);
        }
        await this.#clock.sleep(LOG_RETRY_SECONDS, signal);
      }
    }
  }

  /**
   * The run's records in the SuperLink's journal so far, oldest first. Undefined if the SuperLink keeps none: Flower's own,
   * or an earlier version of ours.
   *
   * @throws FlwrError "not-found"
   */
  async runEvents(runId: RunId): Promise<JournalRecord[] | undefined> {
    // Flower's own SuperLink does not end the stream before the run.
    const silence = new Silence(this.#clock, EVENTS_SILENCE_SECONDS);
    const options = { retry: NO_RETRY, signal: silence.signal };
    const request = { runId, existingOnly: true };
    const records: JournalRecord[] = [];
    try {
      const stream = this.#channel.stream(Control.method.streamRunEvents, request, options);
      for await (const { taskEvent } of stream) {
        silence.interrupt();
        if (taskEvent !== undefined) records.push(recordFromWire(taskEvent));
      }
      return records;
    } catch (error) {
      if (silence.signal.aborted) return undefined;
      const refusal = explainRefusal(error);
      if (refusal.code === "unimplemented") return undefined;
      throw refusal;
    } finally {
      silence.end();
    }
  }

  /**
   * Returns the URL of a finished run's artifacts. @throws FlwrError "not-found"; "failed-precondition" if there are
   * none
   */
  async pullArtifacts(runId: RunId): Promise<string> {
    const { url } = await this.#call(Control.method.pullArtifacts, { runId });
    if (url !== undefined && url !== "") return url;
    throw new FlwrError(
      "not-found",
      `The SuperLink sent no URL for the artifacts of run ${runId}`,
    );
  }

  /** Registers a node's key. @throws FlwrError "already-exists"; "invalid-argument" */
  async registerNode({ publicKeyPem, name, location }: NodeRegistration): Promise<NodeId> {
    const { nodeId } = await this.#call(Control.method.registerNode, {
      publicKey: new TextEncoder().encode(publicKeyPem),
      ...(name !== undefined && { name }),
      ...(location !== undefined && { location }),
    }, { timeoutSeconds: CALL_DEADLINE_SECONDS, retry: NO_RETRY });
    if (nodeId !== undefined) return nodeId;
    throw new FlwrError("data-loss", "The SuperLink registered the node but did not send its id");
  }

  /** Unregisters a node permanently. @throws FlwrError "not-found" */
  async unregisterNode(nodeId: NodeId): Promise<void> {
    await this.#call(Control.method.unregisterNode, { nodeId });
  }

  /** Lists all nodes, including unregistered ones. */
  async listNodes(): Promise<Listing<NodeSummary>> {
    const { nodesInfo, now } = await this.#call(Control.method.listNodes, {});
    return { items: nodesInfo.map(nodeSummary), now: this.#time(now) };
  }

  /** Lists the caller's federations, without their nodes and runs. */
  async listFederations(): Promise<FederationSummary[]> {
    const { federations } = await this.#call(Control.method.listFederations, {});
    return federations.map(federationSummary);
  }

  /** Returns a federation with its nodes and runs. @throws FlwrError "not-found" */
  async showFederation(name: string): Promise<{ federation: FederationSummary; now: number }> {
    const { federation, now } = await this.#call(Control.method.showFederation, {
      federationName: name,
    });
    if (federation === undefined) {
      throw new FlwrError("not-found", `Federation "${name}" does not exist`);
    }
    return { federation: federationSummary(federation), now: this.#time(now) };
  }

  /**
   * Changes the settings of a federation whose nodes are simulated. Missing ones stay as they are.
   *
   * @returns the federation's name
   * @throws FlwrError "unimplemented" if its nodes are not simulated, "not-found"
   */
  async configureSimulation(federation: string, changes: SimulationSettings): Promise<string> {
    const { federationName, faults } = await this.#call(
      Control.method.configureSimulationFederation,
      { federationName: federation, config: simulationToWire(changes) },
    );
    if (hasFaultSettings(changes) && !faults) {
      throw new FlwrError("unimplemented", "This SuperLink cannot simulate faults of nodes", {
        hints: ["Start a SuperLink of this version of flwr: flwr superlink --simulation"],
      });
    }
    return federationName;
  }

  /** Its channel, for calls of the SuperLink that are not of the Control API. */
  get channel(): Channel {
    return this.#channel;
  }

  /** Closes the connection and cancels open calls. */
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
