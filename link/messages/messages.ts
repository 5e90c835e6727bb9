import type { LinkObject } from "../../entities/object.ts";
import type { LongPollOptions } from "../transactions/long_poll.ts";
import type { LinkMessage, NewLinkMessage } from "../../entities/message.ts";
import type { UnansweredInstructions } from "./message_tables.ts";
import type { OpenedPush, PushedMessages } from "../../entities/push.ts";

/** Options of {@link Messages.pullInstruction}. */
export interface PullOptions extends LongPollOptions {
  /**
   * Whether the node declares that it works on no instruction. Instructions that it was handed and has not answered are
   * then requeued, as if the node had returned them. Default: false, because a node may work on several.
   */
  readonly emptyHanded?: boolean;
}

/** An instruction that a node pulled. */
export interface HandedInstruction extends LinkMessage {
  /** Delivery number, from 1. */
  readonly delivery: number;
}

/**
 * Instructions to nodes, and the nodes' replies. The caller has authenticated every node and run id; the operations
 * check that they belong together.
 */
export interface Messages {
  /**
   * Hands out the oldest instruction that waits for the node. A long poll ends when the node joins again, because a new
   * process has then replaced the caller.
   *
   * @returns undefined if there is no instruction in time
   * @throws not-found if the node never joined, has left or was unregistered
   */
  pullInstruction(nodeId: bigint, options?: PullOptions): Promise<HandedInstruction | undefined>;
  /**
   * Requeues an instruction whose delivery failed because the connection broke. The delivery counts towards
   * limits.maxDeliveries. No effect if the instruction is not handed out to that node, or was handed out again since: a
   * broken connection can be noticed long after the node has connected again.
   */
  returnInstruction(
    nodeId: bigint,
    handed: Pick<HandedInstruction, "messageId" | "delivery">,
  ): Promise<void>;
  /** The runs with unanswered instructions, of all SuperLinks on the store, in ascending order of id. */
  unanswered(): Promise<UnansweredInstructions[]>;
  /**
   * Returns replies to the given instructions as soon as there is at least one. A reply can be pulled again for
   * limits.replyGraceSeconds, because the response may get lost. For an instruction that can no longer be answered
   * (node gone, expired, unknown) there is an error reply, which is final once it was pulled.
   *
   * @param options `runId`: the caller is this run's ServerApp and confirms what it received. It sees only its own
   *   run's instructions. A pulled reply is then kept until it is confirmed, the instruction expires or the run ends,
   *   and at least for the grace period
   */
  pullReplies(
    messageIds: readonly string[],
    options?: LongPollOptions & { runId?: bigint },
  ): Promise<LinkMessage[]>;
  /**
   * Announces messages: instructions of a run's ServerApp, or a node's replies. A message is accepted when all its
   * objects are stored; it then wakes the pulls that wait for it. A caller whose response was lost can announce the
   * same message again and gets the objects that are still missing. A message is accepted only once. A second reply to
   * an answered instruction is refused. A push survives a restart of the SuperLink.
   *
   * A message whose objects are all inline or stored is accepted or refused at once, in one transaction for the whole
   * push, and is durable when the call returns.
   *
   * If several open pushes lack the same object, each of them reports it as missing, because any of them may fail. One
   * upload then serves all.
   *
   * @throws resource-exhausted if limits.maxOpenPushes pushes of that caller and run are open
   */
  openPush(push: PushedMessages): Promise<OpenedPush>;
  /**
   * Stores an object that an open push announced. The caller has checked the object's bytes against its id.
   *
   * @param push `sessionId` is empty if the caller knows none (Flower before 1.34); any push of the caller then matches
   * @param message the message that the object encodes, if it is the root of a message. Its run, sender, receiver and
   *   instruction must be those announced. Without it, the caller must check that itself
   * @returns false if no push of that caller and run announced the object; true also if it was already stored
   * @throws resource-exhausted if the caller's open pushes for the run have stored limits.maxOpenPushBytes
   */
  putObject(
    push: { nodeId: bigint; runId: bigint; sessionId: string },
    object: LinkObject,
    message?: NewLinkMessage,
  ): Promise<boolean>;
  /**
   * Confirms that the caller has all objects of a message. Removes a reply and its objects. Keeps an instruction until
   * it is answered, because its node may fail first.
   */
  confirmReceived(caller: { nodeId: bigint; runId: bigint }, messageId: string): Promise<void>;
}
