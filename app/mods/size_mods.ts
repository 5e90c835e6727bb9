import type { ClientMod } from "../client_mod.ts";
import type { Message } from "../message.ts";
import { arraysSize, contentBytes } from "./content_size.ts";

/**
 * Flower's `message_size_mod`: logs the size of each instruction and reply in bytes. An error reply has no records and
 * is passed on without a line.
 *
 * @example
 * ```ts
 * const app = new ClientApp({ mods: [messageSizeMod] });
 * ```
 */
export const messageSizeMod: ClientMod = messageSizes((line) => console.log(line));

/**
 * Flower's `arrays_size_mod`: logs elements and bytes of each ArrayRecord in instructions and replies. An error reply
 * has no records and is passed on without a line.
 *
 * @example
 * ```ts
 * const app = new ClientApp({ mods: [arraysSizeMod] });
 * ```
 */
export const arraysSizeMod: ClientMod = arraysSizes((line) => console.log(line));

/** {@link messageSizeMod} with another place for its lines. */
export function messageSizes(log: (line: string) => void): ClientMod {
  return aroundContent(({ content }, direction) => {
    log(`${direction} message size: ${contentBytes(content)} bytes`);
  });
}

/** {@link arraysSizeMod} with another place for its lines. */
export function arraysSizes(log: (line: string) => void): ClientMod {
  return aroundContent(({ content }, direction) => {
    const sizes = [...content.arrayRecords].map(([name, record]) =>
      [name, arraysSize(record)] as const
    );
    if (sizes.length > 0) {
      log(`${direction} ArrayRecords: ${JSON.stringify(Object.fromEntries(sizes))}`);
    }
    const bytes = sizes.reduce((sum, [, size]) => sum + size.bytes, 0);
    log(`${direction} ArrayRecords in all: ${bytes} bytes`);
  });
}

function aroundContent(
  measure: (message: Message, direction: "Incoming" | "Outgoing") => void,
): ClientMod {
  return async (message, context, next) => {
    measure(message, "Incoming");
    const reply = await next(message, context);
    if (reply.hasContent) measure(reply, "Outgoing");
    return reply;
  };
}
