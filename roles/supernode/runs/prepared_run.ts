import type { ConfigRecord } from "../../../app/config_record.ts";
import type { Context } from "../../../app/context.ts";
import type { Message } from "../../../app/message.ts";
import type { RunId } from "../../../entities/metadata.ts";
import type { Handled } from "../../../hosting/app/app_host.ts";

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
