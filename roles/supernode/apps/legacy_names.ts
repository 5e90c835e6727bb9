import { translateAtNode } from "../../../app/legacy/messages.ts";
import type { MessageHandler } from "../runs/prepared_run.ts";

/**
 * Translates record names for TypeScript ClientApps, so that they can answer ServerApps of Flower's older API: the app
 * gets today's names, and its reply gets the older ones again. Python ClientApps get instructions unchanged, because
 * `NumPyClient` reads the older names.
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
