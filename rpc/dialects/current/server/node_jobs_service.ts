import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../../../base/error.ts";
import { VERSION } from "../../../../base/version.ts";
import {
  type Hold,
  MAX_NODES_PER_WORKER,
  type NodeJob,
  type NoJob,
} from "../../../../entities/node_job.ts";
import { isFinished, type LinkRun } from "../../../../entities/run.ts";
import type { Link } from "../../../../link/link.ts";
import {
  AnswerJobResponseSchema,
  JoinResponseSchema,
  type NodeJobs,
  NodeWork,
  PullPieceResponseSchema,
  RunNodeResponseSchema,
  StayResponseSchema,
  TakeJobResponseSchema,
  WorkerState,
} from "../../../../proto/gen/current/simulation_pb.ts";
import { MAX_MESSAGE_BYTES } from "../../../limits.ts";
import { bindService, type ServiceBinding, type ServiceHandlers } from "../../../service.ts";
import { MAX_HOLD_SECONDS } from "../limits.ts";
import type { WorkerCaller } from "./worker_authentication.ts";

/** The jobs of one run, and its workers. */
export interface NodeJobBoard {
  run(
    job: {
      readonly contentId: string;
      readonly content?: Uint8Array | undefined;
      readonly input: Uint8Array;
    },
    signal: AbortSignal,
  ): Promise<{ readonly output: Uint8Array; readonly taken: () => void } | undefined>;
  join(slots: number): string | "ended";
  stay(id: string, hold: Hold): Promise<NoJob | readonly number[]>;
  take(id: string, slot: number, hold: Hold): Promise<NoJob | undefined | NodeJob>;
  answer(id: string, slot: number, jobId: number, output: Uint8Array): Promise<NoJob | undefined>;
  answerBroken(id: string, slot: number, jobId: number, reason: string): NoJob | undefined;
}

/** What the services for virtual nodes on other machines use. */
export interface NodeJobsOptions {
  readonly link: { readonly runs: Pick<Link["runs"], "getFab" | "getFabPiece"> };
  /** The jobs of a run. */
  readonly boardOf: (runId: bigint) => NodeJobBoard;
}

/**
 * Seconds that a worker's sign of life is held open. A worker whose machine is gone without closing its connections is
 * given up after these and the time to come back.
 */
const STAY_SECONDS = 10;

/** Most bytes of a piece of an attachment. */
const MAX_PIECE_BYTES = 4 * 1024 * 1024;

/** Contents that a worker may name as held. */
const MAX_HELD_CONTENTS = 16;

const STATES = { ended: WorkerState.ENDED, unknown: WorkerState.UNKNOWN } as const;

/** Handlers for simulation workers. A request acts only for the run of its token. */
export function nodeJobsHandlers(
  { link, boardOf }: NodeJobsOptions,
): ServiceHandlers<typeof NodeJobs, WorkerCaller> {
  const stateOf = (state: NoJob | undefined) =>
    state === undefined ? WorkerState.GO_ON : STATES[state];
  /**
   * The board of a run, whose ServerApp must run here: another SuperLink would never see the workers. "unavailable",
   * because that one may have ended, and the run then comes here soon. A worker shows the sentence, and asks again.
   */
  const boardHere = ({ runId, isElsewhere }: LinkRun) => {
    if (isElsewhere !== true) return boardOf(runId);
    throw new FlwrError(
      "unavailable",
      `The ServerApp of run ${runId} runs on another SuperLink that uses the same database. Workers must join there`,
      { hints: ["Start the worker again, with the address of the other SuperLink: --superlink"] },
    );
  };
  return {
    async join({ version, slots }, call) {
      const { run } = call.caller;
      if (version !== VERSION) {
        throw new FlwrError(
          "failed-precondition",
          `This simulation worker is flwr ${
            version.slice(0, 40)
          }, and the SuperLink is ${VERSION}: other versions may ` +
            "compute other numbers",
          { hints: [`Install flwr ${VERSION} on the worker's machine`] },
        );
      }
      if (isFinished(run.state)) return create(JoinResponseSchema, { ended: true });
      if (!(slots >= 1 && slots <= MAX_NODES_PER_WORKER)) {
        throw new FlwrError(
          "invalid-argument",
          `A simulation worker works on 1 to ${MAX_NODES_PER_WORKER} nodes at a time: got ${slots}`,
        );
      }
      const board = boardHere(run);
      const fab = await link.runs.getFab(run.fabHash);
      if (fab === undefined) {
        throw new FlwrError("not-found", "The SuperLink no longer has the run's app bundle");
      }
      await call.reserve(fab.length);
      const workerId = board.join(slots);
      if (workerId === "ended") return create(JoinResponseSchema, { ended: true });
      return create(JoinResponseSchema, { workerId, fab, fabHash: run.fabHash });
    },

    async pullPiece({ hash }, call) {
      const { run } = call.caller;
      if (isFinished(run.state)) throw new FlwrError("failed-precondition", "The run is over");
      await call.reserve(MAX_PIECE_BYTES);
      const content = await link.runs.getFabPiece(run.fabHash, hash);
      if (content === undefined) {
        throw new FlwrError(
          "not-found",
          "The SuperLink no longer has the attachments of the run's app",
        );
      }
      return create(PullPieceResponseSchema, { content });
    },

    async stay({ workerId }, { caller: { run }, signal }) {
      const stayed = isFinished(run.state)
        ? "ended"
        : await boardHere(run).stay(workerId, { holdSeconds: STAY_SECONDS, signal });
      return create(
        StayResponseSchema,
        typeof stayed === "string" ? { state: STATES[stayed] } : { dropped: [...stayed] },
      );
    },

    async takeJob({ workerId, slot, holds }, call) {
      const { run } = call.caller;
      if (isFinished(run.state)) return create(TakeJobResponseSchema, { state: STATES.ended });
      const hold = { holdSeconds: MAX_HOLD_SECONDS, signal: call.signal };
      const taken = await boardHere(run).take(workerId, slot, hold);
      if (taken === undefined || typeof taken === "string") {
        return create(TakeJobResponseSchema, { state: stateOf(taken) });
      }
      const { jobId, contentId, content, input } = taken;
      const isHeld = holds.slice(0, MAX_HELD_CONTENTS).includes(contentId);
      await call.reserve(input.length + (isHeld ? 0 : content.length));
      return create(TakeJobResponseSchema, {
        job: { jobId, contentId, input, ...(!isHeld && { content }) },
      });
    },

    async answerJob({ workerId, slot, jobId, output, broken }, { caller: { run } }) {
      const state = isFinished(run.state)
        ? "ended"
        : broken === ""
        ? await boardHere(run).answer(workerId, slot, jobId, output)
        : boardHere(run).answerBroken(workerId, slot, jobId, broken);
      return create(AnswerJobResponseSchema, { state: stateOf(state) });
    },
  };
}

/** The service by which the ServerApp of a run, in a sandbox of this machine, hands out the work of its nodes. */
export function nodeWork(board: () => NodeJobBoard): ServiceBinding {
  return bindService(NodeWork, {
    authenticate: () => Promise.resolve(undefined),
    maxRequestBytes: () => MAX_MESSAGE_BYTES,
    handlers: {
      async runNode({ contentId, content, input }, call) {
        const answer = await board().run({ contentId, content, input }, call.signal);
        if (answer === undefined) return create(RunNodeResponseSchema, { contentMissing: true });
        try {
          // From now on, the bytes count among those of this response, and no longer among the worker's.
          await call.reserve(answer.output.length);
          return create(RunNodeResponseSchema, { output: answer.output });
        } finally {
          answer.taken();
        }
      },
    },
  });
}
