import { translateAtNode } from "../../../app/legacy/messages.ts";
import type { MessageHandler } from "../runs/prepared_run.ts";

/**
 * Lets a TypeScript ClientApp answer ServerApps of Flower's older API: it sees their records under today's names, and
 * its reply goes back under theirs. Python ClientApps take every instruction as it was sent, because `NumPyClient` reads
 * the older names.
 */
export function withCurrentNames(handler: MessageHandler): MessageHandler {
  return {
    async handle(message, context, signal) {
      const { instruction, reply } = translateAtNode(message);
      const handled = await handler.handle(instruction, context, signal);
      return { ...handled, reply: reply(handled.reply) };
    },
  };
}
