import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { FlwrError } from "../../../../base/error.ts";
import { VERSION } from "../../../../base/version.ts";
import { MAX_BROKEN_REASON_LENGTH, type NoJob } from "../../../../entities/node_job.ts";
import { NodeJobs, WorkerState } from "../../../../proto/gen/current/simulation_pb.ts";
import type { CallOptions, Channel } from "../../../channel.ts";
import { hashObject } from "../../../objects/object.ts";
import { WORKER_TOKEN_HEADER } from "../headers.ts";
import { type NodeResult, type NodeTask, resultToBytes, taskFromBytes } from "../node_job.ts";
import { CALL_DEADLINE_SECONDS, PULL_DEADLINE_SECONDS, PUSH_DEADLINE_SECONDS } from "./limits.ts";

/** Contents that are kept, the last ones used: those of training and of evaluation. */
const MAX_KEPT_CONTENTS = 4;

/** A worker that has joined a run. */
export interface JoinedWorker {
  readonly workerId: string;
  /** The run's app, checked against its hash. */
  readonly fab: Uint8Array;
}

/** The work of a virtual node, for a worker. */
export interface WorkerJob {
  readonly jobId: number;
  /** Decodes the work. @throws FlwrError if the ServerApp sent something else */
  readonly task: () => NodeTask;
}

/** Calls of a simulation worker to the SuperLink of its run. */
export class WorkerClient {
  readonly #channel: Channel;
  readonly #headers: Record<string, string>;
  readonly #contents = new Map<string, Uint8Array>();

  /** @param token the text of the token's file */
  constructor(channel: Channel, token: string) {
    this.#channel = channel;
    this.#headers = { [WORKER_TOKEN_HEADER]: token };
  }

  /**
   * Joins the run.
   *
   * @param slots number of nodes that the worker works for at the same time
   * @returns undefined if the run is over
   * @throws FlwrError "failed-precondition" for another version of the SuperLink, "data-loss" for a damaged app
   */
  async join(slots: number, signal: AbortSignal): Promise<JoinedWorker | undefined> {
    const { ended, workerId, fab, fabHash } = await this.#call(
      NodeJobs.method.join,
      { version: VERSION, slots },
      { signal, timeoutSeconds: PUSH_DEADLINE_SECONDS },
    );
    if (ended) return undefined;
    const hash = await hashObject(fab);
    if (hash === fabHash) return { workerId, fab };
    throw new FlwrError(
      "data-loss",
      `The run's app is damaged: its hash is "${hash}", expected "${fabHash}"`,
    );
  }

  /** Fetches a piece of the app's attached files. */
  async piece(hash: string): Promise<Uint8Array> {
    const timeoutSeconds = PUSH_DEADLINE_SECONDS;
    return (await this.#call(NodeJobs.method.pullPiece, { hash }, { timeoutSeconds })).content;
  }

  /**
   * Says that the worker is there. Resolves after some seconds: then call it again at once.
   *
   * @returns the numbers of its jobs that need no answer any more
   */
  async stay(workerId: string, signal: AbortSignal): Promise<NoJob | readonly number[]> {
    const timeoutSeconds = CALL_DEADLINE_SECONDS;
    const { state, dropped } = await this.#call(NodeJobs.method.stay, { workerId }, {
      signal,
      timeoutSeconds,
    });
    return endOf(state) ?? dropped;
  }

  /**
   * Waits for a job for a slot, for some seconds.
   *
   * @returns undefined if there is none yet
   */
  async take(
    workerId: string,
    slot: number,
    signal: AbortSignal,
  ): Promise<WorkerJob | NoJob | undefined> {
    const { state, job } = await this.#call(
      NodeJobs.method.takeJob,
      { workerId, slot, holds: [...this.#contents.keys()] },
      { signal, timeoutSeconds: PULL_DEADLINE_SECONDS },
    );
    const end = endOf(state);
    if (end !== undefined || job === undefined) return end;
    const { jobId, contentId, input, content = this.#contents.get(contentId) } = job;
    // Another slot's job may have put it out meanwhile. The next call gets the job again.
    if (content === undefined) return undefined;
    this.#keep(contentId, content);
    return { jobId, task: () => taskFromBytes(input, content) };
  }

  /**
   * Sends the answer to a job.
   *
   * @param result a result, or a sentence that says why this machine cannot run the app
   */
  async answer(
    workerId: string,
    slot: number,
    jobId: number,
    result: NodeResult | string,
    signal: AbortSignal,
  ): Promise<NoJob | undefined> {
    const answer = typeof result === "string"
      ? { broken: result.slice(0, MAX_BROKEN_REASON_LENGTH) || "unknown" }
      : { output: resultToBytes(result) };
    const { state } = await this.#call(
      NodeJobs.method.answerJob,
      { workerId, slot, jobId, ...answer },
      { signal, timeoutSeconds: PUSH_DEADLINE_SECONDS },
    );
    return endOf(state);
  }

  #keep(id: string, content: Uint8Array): void {
    this.#contents.delete(id);
    this.#contents.set(id, content);
    for (const old of [...this.#contents.keys()].slice(0, -MAX_KEPT_CONTENTS)) {
      this.#contents.delete(old);
    }
  }

  async #call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options: CallOptions,
  ): Promise<MessageShape<M["output"]>> {
    const metadata = () => Promise.resolve(this.#headers);
    return (await this.#channel.call(method, request, { ...options, metadata })).response;
  }
}

function endOf(state: WorkerState): NoJob | undefined {
  switch (state) {
    case WorkerState.GO_ON:
      return undefined;
    case WorkerState.ENDED:
      return "ended";
    default:
      return "unknown";
  }
}
