import { FlwrError } from "../../../../base/error.ts";
import type { NewLinkMessage } from "../../../../entities/message.ts";
import type { LinkObject } from "../../../../entities/object.ts";
import { parseMessageObject } from "../../../objects/message.ts";
import { parseObject, readObject } from "../../../objects/object.ts";

/** An object that somebody pushed. */
export interface PushedObject {
  readonly object: LinkObject;
  /** What it says, when it is a message's own. */
  readonly message?: NewLinkMessage;
}

/**
 * Reads an object that somebody pushed under an id. Whoever gets a message reads it from its own object, so a message's object
 * must name who pushes it as its sender, and its run.
 *
 * @param speaker the node that pushes, SUPERLINK_NODE_ID for a ServerApp, and the run that it speaks for
 * @returns undefined when the bytes are no object, do not hash to the id, or are another's message: Flower answers that
 *   it stored nothing
 */
export async function readPushedObject(
  speaker: { readonly nodeId: bigint; readonly runId: bigint },
  id: string,
  bytes: Uint8Array,
): Promise<PushedObject | undefined> {
  try {
    const object = await readObject(id, bytes);
    if (parseObject(bytes).type !== "Message") return { object };
    const message = parseMessageObject(object);
    const { srcNodeId, runId } = message;
    return srcNodeId === speaker.nodeId && runId === speaker.runId
      ? { object, message }
      : undefined;
  } catch (error) {
    const { code } = FlwrError.from(error);
    if (code === "invalid-argument" || code === "data-loss") return undefined;
    throw error;
  }
}
