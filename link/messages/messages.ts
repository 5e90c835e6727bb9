import type { LinkObject } from "../../entities/object.ts";
import type { HoldOptions } from "../transactions/hold.ts";
import type { LinkMessage, NewLinkMessage } from "../../entities/message.ts";
import type { OpenedPush, PushedMessages } from "../../entities/push.ts";

/** How a node asks for its next instruction. */
export interface PullOptions extends HoldOptions {
  /**
   * Whether the node says that it has no instruction in hand: those that it was handed before and has not answered wait
   * again, as if they had been returned. Default: false, because a node may work on several.
   */
  readonly emptyHanded?: boolean;
}

/** An instruction that a node pulled. */
export interface HandedInstruction extends LinkMessage {
  /** Delivery number, from 1. */
  readonly delivery: number;
}

/**
 * Instructions on their way to nodes, and replies on their way back. Every id was authenticated by the caller; the
 * relations between them are checked here.
 */
export interface Messages {
  /**
   * The oldest instruction that waits for the node; marks it as handed out. Held as the options say, but no longer than
   * until the node joins again: whoever joined last has its place.
   *
   * @throws not-found when the node never joined, has left or was unregistered
   */
  pullInstruction(nodeId: bigint, options?: PullOptions): Promise<HandedInstruction | undefined>;
  /**
   * Gives an instruction back that could not be delivered (the connection broke while it was being sent). It
   * counts as one of limits.maxDeliveries. Without effect when the instruction is not with that node, or was handed out
   * again since: a connection's end can be noticed long after its node has come on another one.
   */
  returnInstruction(
    nodeId: bigint,
    handed: Pick<HandedInstruction, "messageId" | "delivery">,
  ): Promise<void>;
  /**
   * Replies to the given instructions, as soon as there is one. Asking again for one that was returned gives it
   * again for limits.replyGraceSeconds: an answer lost on the way is not lost for good. Instructions that can no
   * longer be answered (node gone, expired, unknown) come back as error replies, and are final from then on.
   *
   * @param runId the caller is this run's ServerApp, over an API on which it confirms what it received: it knows of
   *   no other run's instructions, and what it was told stays until it confirms it, the instruction expires, or the
   *   run ends, and not only for the grace
   */
  pullReplies(
    messageIds: readonly string[],
    options?: HoldOptions & { runId?: bigint },
  ): Promise<LinkMessage[]>;
  /**
   * Announces messages: instructions of a run's ServerApp, or a node's replies. They count once their objects are
   * there, and wake the pulls that wait for them. Announcing the same message again gives what is still missing: a
   * caller whose answer was lost asks again. One that was taken before is not taken twice; another reply to an answered
   * instruction is refused. Survives a restart of the SuperLink.
   *
   * A message whose objects all come with it, or are there, is taken or refused at once, in one transaction with all
   * others of the push, and durable with the answer.
   *
   * An object that several open pushes lack is asked of each of them, since any may die, and counts for all once it
   * came.
   *
   * @throws resource-exhausted when limits.maxOpenPushes of that caller and run wait for objects
   */
  openPush(push: PushedMessages): Promise<OpenedPush>;
  /**
   * Takes an object that an open push waits for. Its bytes were checked against its id by the caller.
   *
   * @param push sessionId is empty for callers that know of none (Flower before 1.34): any push of theirs
   * @param message what the object says, when it is a message's own: it must be the message that was announced, from and
   *   to the same, in answer to the same. Without it that is the caller's to check
   * @returns false when no push of that caller and run announced the object; true also for one that came before
   * @throws resource-exhausted when the caller's open pushes for the run have brought limits.maxOpenPushBytes
   */
  putObject(
    push: { nodeId: bigint; runId: bigint; sessionId: string },
    object: LinkObject,
    message?: NewLinkMessage,
  ): Promise<boolean>;
  /**
   * The caller has all objects of a message. A reply's are let go; an instruction's stay until it is answered, for
   * its node may die first.
   */
  confirmReceived(caller: { nodeId: bigint; runId: bigint }, messageId: string): Promise<void>;
}
