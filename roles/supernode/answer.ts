import type { ConfigRecord } from "../../app/config_record.ts";
import type { Message } from "../../app/message.ts";
import { MessageErrorCode, type NodeId } from "../../entities/metadata.ts";
import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { AppCrashed, type Handled } from "../../hosting/app/app_host.ts";
import type { Failure } from "../../hosting/app/failure.ts";
import { RunRefused } from "../../hosting/app/run_refused.ts";
import type { PreparedRun, Runs } from "./runs/prepared_run.ts";
import type { RunStates } from "./runs/run_states.ts";
import { watchRun } from "./runs/watch_run.ts";

/** How often a message is tried when the ClientApp dies over it, before the ServerApp is told. */
export const MAX_APP_TRIES = 2;

/** What an instruction is answered with. */
export interface AnswerOptions {
  readonly runs: Runs;
  readonly states: RunStates;
  readonly nodeId: NodeId;
  readonly nodeConfig: ConfigRecord;
  readonly clock: Clock;
  /** Whether the SuperLink gets the texts of errors; otherwise their kind and place only. Default: false. */
  readonly sendErrorDetails?: boolean;
}

/** A reply, and how long the ClientApp worked on it, in seconds. */
export interface Answer {
  readonly reply: Message;
  readonly seconds: number;
  /** What went wrong, for the node's log, where the reply is an error. */
  readonly details?: string;
}

/**
 * Has an instruction's run handle it: the ClientApp's reply, or the error reply that says why there is none.
 *
 * @param signal the node stops
 * @returns undefined when the run is over: nobody wants a reply
 * @throws FlwrError when the SuperLink cannot be asked about the run
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
    return withheld({ reply, seconds: clock.now() - start }, instruction, failure, options);
  };
  using watch = watchRun(runs, instruction.metadata.runId, clock);
  try {
    const run = await runs.prepare(instruction.metadata.runId);
    return await work(instruction, run, options, AbortSignal.any([signal, watch.over]));
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

/** Tries again in a fresh place when the ClientApp dies over the message. */
async function work(
  instruction: Message,
  run: PreparedRun,
  options: AnswerOptions,
  signal: AbortSignal,
): Promise<Answer> {
  const { states, nodeId, nodeConfig, clock } = options;
  const { runId } = instruction.metadata;
  const start = clock.now();
  for (let attempt = 1;; attempt += 1) {
    const state = states.get(run.stateKey);
    const context = { runId, nodeId, nodeConfig, state, runConfig: run.runConfig };
    try {
      const handled: Handled = await run.handle(instruction, context, signal);
      states.set(run.stateKey, handled.state);
      const { reply, failure, seconds = clock.now() - start } = handled;
      return withheld({ reply, seconds }, instruction, failure, options);
    } catch (error) {
      if (signal.aborted || !(error instanceof AppCrashed)) throw error;
      const { told, details } = error.failure;
      if (attempt >= MAX_APP_TRIES) {
        const ended = `The ClientApp ended its worker ${attempt} times:`;
        throw new RunRefused(
          MessageErrorCode.ClientAppCrashed,
          `${ended} ${error.message}`,
          { cause: error, failure: { told: `${ended} ${told}`, details: `${ended} ${details}` } },
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

/** An answer as it may go out: an error without its text, which stays here for the log. */
function withheld(
  answer: Answer,
  instruction: Message,
  failure: Failure | undefined,
  { sendErrorDetails = false }: AnswerOptions,
): Answer {
  const { error } = answer.reply;
  if (error === undefined || failure === undefined) return answer;
  const { told, details } = failure;
  if (sendErrorDetails) return { ...answer, details };
  return { ...answer, reply: instruction.replyError(error.code, told), details };
}
