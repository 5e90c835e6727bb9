import type { Logger } from "@logtape/logtape";
import { logOutcome } from "../answer.ts";
import { frame } from "./frames.ts";
import type { HttpCall } from "./http_call.ts";

/**
 * The body of a streaming answer. Waits for the first message, so that a call which is refused gets the status of its
 * error; an error that comes later cuts the stream short.
 *
 * @throws what the service throws before its first message
 */
export async function framesOf(
  messages: AsyncGenerator<Uint8Array, void, void>,
  call: HttpCall,
  log: Logger,
): Promise<ReadableStream<Uint8Array>> {
  let next: Promise<IteratorResult<Uint8Array, void>> | undefined = messages.next();
  await next;
  // Made now, so that the service hears of a caller who goes.
  call.signal;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await (next ?? messages.next());
        next = undefined;
        if (!done) return controller.enqueue(frame(value));
        logOutcome(log, call);
        call.end(true);
        controller.close();
      } catch (error) {
        logOutcome(log, call, error);
        call.end(false);
        controller.error(error);
      }
    },
    cancel() {
      call.abandon();
      // Ends the handler, at the latest where it next has something to say.
      messages.return().catch(() => {});
    },
  }, { highWaterMark: 0 });
}
