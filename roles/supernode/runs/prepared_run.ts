import type { ConfigRecord } from "../../../app/config_record.ts";
import type { Context } from "../../../app/context.ts";
import type { Message } from "../../../app/message.ts";
import type { RunId } from "../../../entities/metadata.ts";
import type { HandledMessage } from "../../../hosting/app/app_host.ts";

/** A handler of messages: an app in a worker, a sandbox or a Python process. */
export interface MessageHandler {
  /**
   * Passes a message to the ClientApp. An error that the app throws becomes an error reply.
   *
   * @param signal ends the app's work
   * @throws AppCrashed when the app crashed, RunRefused when it cannot be started, the signal's reason when aborted
   */
  handle(message: Message, context: Context, signal: AbortSignal): Promise<HandledMessage>;
}

/** A run whose app and settings are ready. */
export interface PreparedRun extends MessageHandler {
  /** The app's default settings, merged with those of the run. */
  readonly runConfig: ConfigRecord;
  /** Key of the app's state. Runs of one series share it. */
  readonly stateKey: string;
}

/** The runs that a node works for. */
export interface NodeRuns {
  /**
   * Prepares a run, or returns the run that is already prepared.
   *
   * @throws RunRefused when the run's messages can only be answered with an error; FlwrError "permission-denied" when
   *   the run is over
   */
  prepare(runId: RunId): Promise<PreparedRun>;
  /** Whether the SuperLink reports the run as over, so that no reply is needed. */
  isOver(runId: RunId): Promise<boolean>;
}
