import { create } from "@bufbuild/protobuf";
import type { Clock } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { Link } from "../../../../link/link.ts";
import { isFinished, type LinkRun, type NewLinkRun, unknownRun } from "../../../../entities/run.ts";
import { countTableNodes, MAX_NODE_TABLE_BYTES } from "../../../../entities/node_table.ts";
import { SIMULATION_DEFAULTS } from "../../../../entities/simulation.ts";
import {
  ConfigureSimulationFederationResponseSchema,
  type Control,
  type Exec,
  ListFederationsResponseSchema,
  ListNodesResponseSchema,
  ListRunsResponseSchema,
  PullArtifactsResponseSchema,
  PushAttachmentResponseSchema,
  RegisterNodeResponseSchema,
  ShowFederationResponseSchema,
  type StartRunRequest,
  StartRunResponseSchema,
  StopRunResponseSchema,
  StreamLogsResponseSchema,
  UnregisterNodeResponseSchema,
} from "../../../../proto/gen/current/control_pb.ts";
import { ApiError, type ApiErrorName } from "../../../api_error.ts";
import type { CallHead } from "../../../call.ts";
import type { ServiceHandlers } from "../../../service.ts";
import { isoTime } from "../iso_time.ts";
import { MAX_HOLD_SECONDS } from "../limits.ts";
import { runToWire } from "../run.ts";
import { hasFaultSettings, simulationFromBytes, simulationFromWire } from "../simulation.ts";
import { AccountStreams } from "./account_streams.ts";
import { federationToWire, resolveFederation } from "./federation.ts";
import type { AccountGate } from "./account_gate.ts";
import { type ControlCaller, reaches } from "./control_rights.ts";
import { endLog } from "./log_end.ts";
import { loginHandlers } from "./login_handlers.ts";
import { nodeInfoToWire } from "./node_info.ts";
import { notOfferedHandlers } from "./not_offered.ts";
import { readRegistration } from "./registration.ts";
import type { SimulatedFederation } from "./simulated_federation.ts";
import { streamRunEvents } from "./run_events.ts";
import { type ReadFab, readSubmission } from "./submission.ts";

/** Default number of runs in a list (Flower 1.41). */
const DEFAULT_LISTED_RUNS = 20;

/** Maximum number of runs in one response: about 1 MB. */
const MAX_LISTED_RUNS = 1000;

/** Maximum bytes of a log in one message, if the reader asks for parts. */
const MAX_LOG_PART_BYTES: number = 1024 * 1024;

/** Dependencies of the Control API. */
export interface ControlOptions {
  readonly link: Pick<Link, "nodes" | "runs" | "artifacts" | "journal">;
  readonly readFab: ReadFab;
  readonly clock: Clock;
  /**
   * Returns the URL where this caller can fetch a run's artifacts.
   *
   * @throws ApiError "artifacts-not-offered" if the SuperLink serves none
   */
  readonly artifactUrl: (runId: bigint, call: CallHead) => string;
  /**
   * Called when a caller is about to submit an app, so a process for it can be prepared. Nothing is prepared by
   * default.
   */
  readonly expectRun?: () => void;
  /** The federation's settings, if its nodes are simulated. */
  readonly simulated?: SimulatedFederation;
  /** The SuperLink's accounts, if it has any. */
  readonly accounts?: AccountGate | undefined;
}

/**
 * Handlers of the Control API under its name up to Flower 1.20. @param control the current handlers, which are the
 * same
 */
export function execHandlers(
  { startRun, stopRun, streamLogs, listRuns, getLoginDetails, getAuthTokens }: ControlHandlers,
): ServiceHandlers<typeof Exec, ControlCaller | undefined> {
  return { startRun, stopRun, streamLogs, listRuns, getLoginDetails, getAuthTokens };
}

/** Handlers of the Control API. Their caller is undefined without accounts. */
export type ControlHandlers = ServiceHandlers<typeof Control, ControlCaller | undefined>;

/** Handlers of the Control API, which the `flwr` command calls. Each translates a call to the domain. */
export function controlHandlers(options: ControlOptions): ControlHandlers {
  const { link, readFab, clock, artifactUrl, expectRun, simulated, accounts } = options;
  const now = () => isoTime(clock.now());
  const streams = new AccountStreams();
  return {
    ...notOfferedHandlers(),
    ...loginHandlers(accounts),

    async startRun(request, { caller }) {
      const submission = await readSubmission(request, {
        readFab,
        isSimulated: simulated !== undefined,
      });
      if (submission === undefined) return create(StartRunResponseSchema);
      // Its checkpoints hold what the other run has learned.
      if (submission.resumeFrom !== undefined) await runOf(link, submission.resumeFrom, caller);
      const { runId, seriesId, federation, resumedFrom, simulation } = await link.runs.create({
        ...submission,
        ...await simulationOf(request, simulated),
        ...(caller && { owner: caller.account }),
      });
      return create(StartRunResponseSchema, {
        runId,
        seriesId,
        federation,
        resumed: resumedFrom !== undefined,
        simulatedAsAsked: simulated !== undefined,
        simulatedByWorkers: simulation?.workersTokenHash !== undefined,
      });
    },

    async listRuns({ runId, limit, skip, submits }, { caller }) {
      if (submits) expectRun?.();
      const runs = runId === undefined
        ? await link.runs.list({
          limit: bounded(limit ?? BigInt(DEFAULT_LISTED_RUNS), MAX_LISTED_RUNS),
          skip: bounded(skip ?? 0n, Number.MAX_SAFE_INTEGER),
          ...ownedBy(caller),
        })
        : [await runOf(link, runId, caller)];
      const runDict = Object.fromEntries(runs.map((run) => [String(run.runId), runToWire(run)]));
      return create(ListRunsResponseSchema, { runDict, now: now() });
    },

    async stopRun({ runId }, { caller }) {
      if (caller !== undefined) await runOf(link, runId, caller);
      await numbered(() => link.runs.stop(runId), {
        "not-found": "run-not-found",
        "failed-precondition": "run-already-finished",
      });
      return create(StopRunResponseSchema, { success: true });
    },

    async *streamLogs({ runId, afterTimestamp, partBytes }, call) {
      if (call.caller !== undefined) await runOf(link, runId, call.caller);
      using _open = streams.open(call.caller);
      const inParts = partBytes > 0n && { bytes: bounded(partBytes, MAX_LOG_PART_BYTES) };
      let after = afterTimestamp;
      let last = "";
      let finished = false;
      /**
       * Whether everything that existed at first was sent, and the reader knows it. From then on the call waits for
       * new output.
       */
      let whole = inParts === false;
      while (!finished && !call.signal.aborted) {
        const holdSeconds = whole ? MAX_HOLD_SECONDS : 0;
        const read = await numbered(
          () => link.runs.readLog(runId, after, { holdSeconds, signal: call.signal, ...inParts }),
          { "not-found": "run-not-found" },
        );
        const piece = read.finished
          ? endLog(read, await runOf(link, runId, call.caller), { after: afterTimestamp, last })
          : read;
        if (piece.text !== "" || !whole) {
          whole ||= !piece.more;
          yield create(StreamLogsResponseSchema, {
            logOutput: piece.text,
            latestTimestamp: piece.latest,
            ...(inParts && { whole }),
          });
          after = piece.latest;
          last = piece.text;
        }
        finished = piece.finished;
      }
    },

    async *streamRunEvents(request, call) {
      await runOf(link, request.runId, call.caller);
      using _open = streams.open(call.caller);
      yield* streamRunEvents(link, clock, request, call.signal);
    },

    async pullArtifacts({ runId }, call) {
      const { state, artifactsRemovedAt } = await runOf(link, runId, call.caller);
      if (!isFinished(state)) {
        const detail =
          `Run ${runId} has not finished: it is ${state}, and may still save artifacts`;
        throw new ApiError("artifacts-not-there", detail);
      }
      if ((await link.artifacts.list(runId)).length === 0) {
        const detail = artifactsRemovedAt === undefined
          ? `Run ${runId} has saved no artifacts`
          : `The artifacts of run ${runId} were removed at ${isoTime(artifactsRemovedAt)}: the ` +
            `SuperLink keeps only those of newer runs`;
        throw new ApiError("artifacts-not-there", detail);
      }
      return create(PullArtifactsResponseSchema, { url: artifactUrl(runId, call) });
    },

    async pushAttachment({ content, pieces }) {
      const missing = await link.runs.keepPieces(pieces, content.length > 0 ? content : undefined);
      return create(PushAttachmentResponseSchema, { missing });
    },

    async registerNode(request, { caller }) {
      const registration = await readRegistration(request);
      const owned = { ...registration, ...(caller && { owner: caller.account }) };
      const { nodeId } = await numbered(() => link.nodes.register(owned), {
        "already-exists": "public-key-in-use",
      });
      return create(RegisterNodeResponseSchema, { nodeId });
    },

    async unregisterNode({ nodeId }, { caller }) {
      if (caller !== undefined) {
        const node = (await link.nodes.list()).find((node) => node.nodeId === nodeId);
        if (!reaches(caller, node?.ownerId)) {
          throw new ApiError("node-not-found", `Node "${nodeId}" is not registered`);
        }
      }
      await numbered(() => link.nodes.unregister(nodeId), { "not-found": "node-not-found" });
      return create(UnregisterNodeResponseSchema);
    },

    async listNodes(_request, { caller }) {
      const nodes = (await link.nodes.list()).filter(({ ownerId }) => reaches(caller, ownerId));
      return create(ListNodesResponseSchema, { nodesInfo: nodes.map(nodeInfoToWire), now: now() });
    },

    listFederations: (_request, { caller }) =>
      Promise.resolve(
        create(ListFederationsResponseSchema, {
          federations: [
            federationToWire({ isSimulated: simulated !== undefined, member: caller?.account }),
          ],
        }),
      ),

    async showFederation({ federationName }, { caller }) {
      resolveFederation(federationName);
      const [nodes, runs] = await Promise.all([
        link.nodes.list(),
        link.runs.list({ limit: MAX_LISTED_RUNS, skip: 0, ...ownedBy(caller) }),
      ]);
      return create(ShowFederationResponseSchema, {
        federation: federationToWire({
          nodes,
          runs,
          isSimulated: simulated !== undefined,
          settings: await simulated?.settings(),
          member: caller?.account,
        }),
        now: now(),
      });
    },

    async configureSimulationFederation({ federationName, config }) {
      const name = resolveFederation(federationName);
      if (simulated === undefined) {
        throw new ApiError("federation-management-not-offered", NOT_SIMULATED);
      }
      const changes = refusedAsRequest(() => config ? simulationFromWire(config) : {});
      if (changes.workersTokenHash !== undefined) {
        throw new ApiError(
          "request-malformed",
          "The token of simulation workers is a run's own, not the federation's",
        );
      }
      await simulated.configure(changes);
      const faults = hasFaultSettings(changes);
      return create(ConfigureSimulationFederationResponseSchema, { federationName: name, faults });
    },
  };
}

const NOT_SIMULATED = "The nodes of this SuperLink are SuperNodes: start one with --simulation";

/**
 * The settings of a submitted run's simulation: its own, and the federation's for the others. Without simulated nodes,
 * Flower's settings are ignored, as in Flower.
 *
 * @throws ApiError "run-config-invalid" for a setting that is out of range, or a table that does not fit
 */
async function simulationOf(
  { overrideFederationConfig: override, nodeTable }: StartRunRequest,
  simulated: SimulatedFederation | undefined,
): Promise<Pick<NewLinkRun, "simulation" | "nodeSettings">> {
  if (simulated === undefined) {
    if (nodeTable !== undefined) throw new ApiError("run-config-invalid", NOT_SIMULATED);
    return {};
  }
  const own = refusedAsRequest(() => override ? simulationFromBytes(override) : {});
  const simulation = { ...await simulated.settings(), ...own };
  if (nodeTable === undefined) return { simulation };
  requireFit(nodeTable, simulation.numSupernodes ?? SIMULATION_DEFAULTS.numSupernodes);
  return { simulation, nodeSettings: nodeTable };
}

/** @throws ApiError "run-config-invalid" for a table that is too large, or has fewer rows than there are nodes */
function requireFit(table: Uint8Array, nodes: number): void {
  if (table.length > MAX_NODE_TABLE_BYTES) {
    throw new ApiError(
      "run-config-invalid",
      `The table of nodes has ${table.length} bytes: at most ${MAX_NODE_TABLE_BYTES} are allowed`,
    );
  }
  const rows = countTableNodes(table);
  if (rows >= nodes) return;
  throw new ApiError(
    "run-config-invalid",
    `The table of nodes has ${rows} rows, but ${nodes} nodes are simulated: add rows, or set fewer nodes (--nodes ${rows})`,
  );
}

/** Gives the error of a setting that is out of range Flower's number for a run that cannot be started. */
function refusedAsRequest<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { message } = FlwrError.from(error);
    throw new ApiError("run-config-invalid", message, { cause: error });
  }
}

/** The runs that a caller's list contains. */
function ownedBy(caller: ControlCaller | undefined): { readonly ownerId?: string } {
  return caller?.scope === "own" ? { ownerId: caller.account.id } : {};
}

/** @throws ApiError "run-not-found", also for the run of another account: ids then tell nothing */
async function runOf(
  link: Pick<Link, "runs">,
  runId: bigint,
  caller: ControlCaller | undefined,
): Promise<LinkRun> {
  const run = await link.runs.get(runId);
  if (run === undefined || !reaches(caller, run.ownerId)) {
    throw new ApiError("run-not-found", unknownRun(runId));
  }
  return run;
}

/** Converts the domain's errors to the numbered errors that Flower's command line recognises. */
async function numbered<T>(
  act: () => Promise<T>,
  names: Readonly<Partial<Record<FlwrError["code"], ApiErrorName>>>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof FlwrError)) throw error;
    const name = names[error.code];
    throw name === undefined ? error : new ApiError(name, error.message, { cause: error });
  }
}

/** Converts a count to a number, limited to `most`. */
function bounded(count: bigint, most: number): number {
  return count > BigInt(most) ? most : Number(count);
}
