import type { ConfigRecord } from "../../app/config_record.ts";
import type { Message } from "../../app/message.ts";
import { MessageErrorCode, type NodeId } from "../../entities/metadata.ts";
import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { AppCrashed, type HandledMessage } from "../../hosting/app/app_host.ts";
import type { Failure } from "../../hosting/app/failure.ts";
import { RunRefused } from "../../hosting/app/run_refused.ts";
import type { KeyForApps } from "./registered_key.ts";
import type { NodeRuns, PreparedRun } from "./runs/prepared_run.ts";
import type { RunStates } from "./runs/run_states.ts";
import { watchRun } from "./runs/watch_run.ts";

/** Most attempts for a message that crashes the ClientApp, before the ServerApp gets an error. */
export const MAX_APP_TRIES = 2;

/** Options of {@link answerInstruction}. */
export interface AnswerOptions {
  readonly runs: NodeRuns;
  readonly states: RunStates;
  readonly nodeId: NodeId;
  readonly nodeConfig: ConfigRecord;
  readonly clock: Clock;
  /** Whether error texts are sent to the SuperLink. Default: false, only the error's type and position. */
  readonly sendErrorDetails?: boolean;
  /** The node's registered key, for apps of a run (default: none). */
  readonly registeredKey?: KeyForApps;
}

/** The answer to an instruction. */
export interface Answer {
  readonly reply: Message;
  /** Seconds that the ClientApp worked on it. */
  readonly seconds: number;
  /** Full text of an error reply, for the node's log. */
  readonly details?: string;
}

/**
 * Answers an instruction with the reply of its run's ClientApp, or with an error reply.
 *
 * @param signal aborted when the node stops
 * @returns undefined if the run is over, so that no reply is needed
 * @throws FlwrError when the SuperLink does not answer calls about the run
 */
export async function answerInstruction(
  instruction: Message,
  options: AnswerOptions,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  const { runs, clock } = options;
  const start = clock.now();
  const refusal = (code: number, reason: string, failure?: Failure): Answer => {
    const reply = instruction.replyError(code, reason);
    const answer = { reply, seconds: clock.now() - start };
    return withholdErrorText(answer, instruction, failure, options);
  };
  using watch = watchRun(runs, instruction.metadata.runId, clock);
  try {
    const run = await runs.prepare(instruction.metadata.runId);
    return await handleWithRetry(instruction, run, options, AbortSignal.any([signal, watch.over]));
  } catch (error) {
    if (signal.aborted) {
      return refusal(
        MessageErrorCode.NodeUnavailable,
        "The SuperNode was stopped while it handled the message",
      );
    }
    if (watch.over.aborted) return undefined;
    if (error instanceof RunRefused) return refusal(error.code, error.message, error.failure);
    if (FlwrError.from(error).code === "permission-denied") return undefined;
    throw error;
  }
}

/** Passes an instruction to the ClientApp, and once more to a fresh worker if the app crashes. */
async function handleWithRetry(
  instruction: Message,
  run: PreparedRun,
  options: AnswerOptions,
  signal: AbortSignal,
): Promise<Answer> {
  const { states, nodeId, nodeConfig, clock } = options;
  const { runId } = instruction.metadata;
  const registeredKey = options.registeredKey?.(runId, nodeId);
  const start = clock.now();
  for (let attempt = 1;; attempt += 1) {
    const state = states.get(run.stateKey);
    const { runConfig } = run;
    const context = { runId, nodeId, nodeConfig, state, runConfig, registeredKey };
    try {
      const handled: HandledMessage = await run.handle(instruction, context, signal);
      states.set(run.stateKey, handled.state);
      const { reply, failure, seconds = clock.now() - start } = handled;
      return withholdErrorText({ reply, seconds }, instruction, failure, options);
    } catch (error) {
      if (signal.aborted || !(error instanceof AppCrashed)) throw error;
      const { summary, details } = error.failure;
      if (attempt >= MAX_APP_TRIES) {
        const crashed = `The ClientApp crashed its worker ${attempt} times:`;
        throw new RunRefused(
          MessageErrorCode.ClientAppCrashed,
          `${crashed} ${error.message}`,
          {
            cause: error,
            failure: { summary: `${crashed} ${summary}`, details: `${crashed} ${details}` },
          },
        );
      }
      log("supernode").warn(
        "The ClientApp crashed its worker ({reason}). Trying again in a new one",
        {
          reason: error.message,
        },
      );
    }
  }
}

/** Removes the text of an error from the reply, unless it may be sent. The text goes to the node's log. */
function withholdErrorText(
  answer: Answer,
  instruction: Message,
  failure: Failure | undefined,
  { sendErrorDetails = false }: AnswerOptions,
): Answer {
  const { error } = answer.reply;
  if (error === undefined || failure === undefined) return answer;
  const { summary, details } = failure;
  if (sendErrorDetails) return { ...answer, details };
  return { ...answer, reply: instruction.replyError(error.code, summary), details };
}
