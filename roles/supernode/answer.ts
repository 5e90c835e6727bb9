import type { ConfigRecord } from "../../app/config_record.ts";
import type { Message } from "../../app/message.ts";
import { MessageErrorCode, type NodeId } from "../../app/metadata.ts";
import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { AppCrashed, type Handled } from "./app_host.ts";
import { MAX_APP_TRIES } from "./limits.ts";
import { type PreparedRun, RunRefused, type Runs } from "./runs/prepared_run.ts";
import type { RunStates } from "./runs/run_states.ts";
import { watchRun } from "./runs/watch_run.ts";

/** What an instruction is answered with. */
export interface AnswerOptions {
  readonly runs: Runs;
  readonly states: RunStates;
  readonly nodeId: NodeId;
  readonly nodeConfig: ConfigRecord;
  readonly clock: Clock;
}

/** A reply, and how long the ClientApp worked on it, in seconds. */
export interface Answer {
  readonly reply: Message;
  readonly seconds: number;
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
  const refusal = (code: number, reason: string): Answer => ({
    reply: instruction.replyError(code, reason),
    seconds: clock.now() - start,
  });
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
    if (error instanceof RunRefused) return refusal(error.code, error.message);
    if (FlwrError.from(error).code === "permission-denied") return undefined;
    throw error;
  }
}

/** Tries again in a fresh place when the ClientApp dies over the message. */
async function work(
  instruction: Message,
  run: PreparedRun,
  { states, nodeId, nodeConfig, clock }: AnswerOptions,
  signal: AbortSignal,
): Promise<Answer> {
  const { runId } = instruction.metadata;
  const start = clock.now();
  for (let attempt = 1;; attempt += 1) {
    const state = states.get(run.stateKey);
    const context = { runId, nodeId, nodeConfig, state, runConfig: run.runConfig };
    try {
      const handled: Handled = await run.handle(instruction, context, signal);
      states.set(run.stateKey, handled.state);
      return { reply: handled.reply, seconds: handled.seconds ?? clock.now() - start };
    } catch (error) {
      if (signal.aborted || !(error instanceof AppCrashed)) throw error;
      if (attempt >= MAX_APP_TRIES) {
        throw new RunRefused(
          MessageErrorCode.ClientAppCrashed,
          `The ClientApp ended its worker ${attempt} times: ${error.message}`,
          { cause: error },
        );
      }
      log("supernode").warn("The ClientApp ended its worker ({reason}): trying in a fresh one", {
        reason: error.message,
      });
    }
  }
}
