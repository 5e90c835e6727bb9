import type { ConfigRecord } from "../../../app/config_record.ts";
import type { Context } from "../../../app/context.ts";
import type { Message } from "../../../app/message.ts";
import type { RunId } from "../../../app/metadata.ts";
import type { Handled } from "../app_host.ts";
import type { Failure } from "../failure.ts";

/** What handles messages: an app in a worker, in the sandbox, or in a Python process. */
export interface MessageHandler {
  /**
   * Has the ClientApp handle a message. An error that the app throws comes back as an error reply.
   *
   * @param signal ends the app's work
   * @throws AppCrashed when the app died over it, RunRefused when it cannot be started, the signal's reason when
   *   aborted
   */
  handle(message: Message, context: Context, signal: AbortSignal): Promise<Handled>;
}

/** A run that this node can work for. */
export interface PreparedRun extends MessageHandler {
  /** The app's own settings with what the run's submitter changed. */
  readonly runConfig: ConfigRecord;
  /** Under which name the app's state is kept: runs of one series share it. */
  readonly stateKey: string;
}

/** What a node knows of runs. */
export interface Runs {
  /**
   * A run made ready, or as it was made ready before.
   *
   * @throws RunRefused when the run's messages can only be answered with an error; FlwrError "permission-denied" when
   *   the run is over
   */
  prepare(runId: RunId): Promise<PreparedRun>;
  /** Whether the SuperLink says that the run is over: no reply is wanted any more. */
  isOver(runId: RunId): Promise<boolean>;
}

/** Why every message of a run is answered with an error. */
export class RunRefused extends Error {
  override readonly name = "RunRefused";

  /** What went wrong. */
  readonly failure: Failure;

  /**
   * @param code one of MessageErrorCode, for the error reply; `reason` is its whole sentence
   * @param options `failure`: default: the reason, which then holds nothing of the node and its data
   */
  constructor(
    readonly code: number,
    reason: string,
    { cause, failure }: { readonly cause?: unknown; readonly failure?: Failure } = {},
  ) {
    super(reason, { cause });
    this.failure = failure ?? { told: reason, details: reason };
  }
}
