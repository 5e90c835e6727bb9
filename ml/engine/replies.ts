import {
  type CallOutcome,
  type EngineReply,
  type EngineRequest,
  toErrorReport,
  transferredBuffers,
} from "./protocol.ts";

/**
 * Answers calls with few messages. Answers are sent when no call is left that was received, and after each run, because
 * a client follows its runs.
 */
export class Replies {
  readonly #send: (replies: readonly EngineReply[], handed: ArrayBuffer[]) => void;
  #answers: EngineReply[] = [];
  #waiting = 0;

  /** @param send sends replies; `handed` are the buffers to transfer with them */
  constructor(send: (replies: readonly EngineReply[], handed: ArrayBuffer[]) => void) {
    this.#send = send;
  }

  /** Number of calls that were received and not answered yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Carries out requests that came in one message, and answers them.
   *
   * @param carryOut carries out one request; called for all of them at once, in order
   */
  async answer(
    requests: readonly EngineRequest[],
    carryOut: (request: EngineRequest) => Promise<CallOutcome>,
  ): Promise<void> {
    this.#waiting += requests.length;
    await Promise.all(requests.map(async (request) => {
      const { id, call: { method } } = request;
      let answer: EngineReply;
      try {
        answer = { id, outcome: await carryOut(request) };
      } catch (error) {
        answer = { id, error: toErrorReport(error) };
      }
      this.#waiting -= 1;
      this.#answers.push(answer);
      if (this.#waiting === 0 || method === "run" || method === "close") this.#flush();
    }));
  }

  #flush(): void {
    const answers = this.#answers;
    this.#answers = [];
    const handed = answers.flatMap((answer) =>
      "outcome" in answer ? transferredBuffers(answer.outcome.tensors ?? []) : []
    );
    this.#send(answers, handed);
  }
}
