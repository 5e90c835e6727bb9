import { FlwrError } from "../../../../base/error.ts";
import type { NewLinkMessage } from "../../../../entities/message.ts";
import type { LinkObject } from "../../../../entities/object.ts";
import { parseMessageObject } from "../../../objects/message.ts";
import { parseObject, readObject } from "../../../objects/object.ts";

/** A pushed object. */
export interface PushedObject {
  readonly object: LinkObject;
  /** Its content, if it is a message's own object. */
  readonly message?: NewLinkMessage;
}

/**
 * Reads a pushed object. Receivers read a message from its own object, so that object must name its pusher as the
 * sender, and the pusher's run.
 *
 * @param speaker the node that pushes (SUPERLINK_NODE_ID for a ServerApp), and its run
 * @returns undefined if the bytes are not an object, do not hash to the id, or are another sender's message: Flower's
 *   response to these is that nothing was stored
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
