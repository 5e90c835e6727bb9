import type {
  MakeRoom,
  ObjectId,
  ObjectsTogether,
  ObjectTree,
  PulledObject,
  WantedObjects,
} from "../../entities/object.ts";

/** The objects of messages, for callers that received the messages. */
export interface Objects {
  /**
   * Returns an object of a message that the caller received: an instruction handed to the node, or a reply that the
   * run's ServerApp pulled (`nodeId` SUPERLINK_NODE_ID).
   *
   * @param makeRoom awaited before the bytes are read; default: the bytes are read at once
   * @throws errors of `makeRoom`
   */
  pull(
    caller: { nodeId: bigint; runId: bigint },
    id: ObjectId,
    makeRoom?: MakeRoom,
  ): Promise<PulledObject>;
  /**
   * Returns objects of several messages, like `pull`, in one response.
   *
   * @param makeRoom awaited before the bytes are read; default: the bytes are read at once
   * @throws errors of `makeRoom`
   */
  pullTogether(
    caller: { nodeId: bigint; runId: bigint },
    wanted: WantedObjects,
    makeRoom?: MakeRoom,
  ): Promise<ObjectsTogether>;
  /** The object tree of a message that was just pulled, root first. @throws not-found */
  treeOf(root: ObjectId): Promise<ObjectTree>;
}
