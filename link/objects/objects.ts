import type {
  MakeRoom,
  ObjectId,
  ObjectsTogether,
  ObjectTree,
  PulledObject,
  WantedObjects,
} from "../../entities/object.ts";

/** The content-addressed objects of messages, for those who were given the messages. */
export interface Objects {
  /**
   * An object of a message that the caller was given: an instruction handed out to the node, or a reply told to the
   * run's ServerApp (`nodeId` SUPERLINK_NODE_ID).
   *
   * @param makeRoom waited for before the bytes are read; without it they are read at once
   * @throws what `makeRoom` throws
   */
  pull(
    caller: { nodeId: bigint; runId: bigint },
    id: ObjectId,
    makeRoom?: MakeRoom,
  ): Promise<PulledObject>;
  /**
   * Objects of messages that the caller was given, as by pull, in one answer.
   *
   * @param makeRoom waited for before their bytes are read; without it they are read at once
   * @throws what `makeRoom` throws
   */
  pullTogether(
    caller: { nodeId: bigint; runId: bigint },
    wanted: WantedObjects,
    makeRoom?: MakeRoom,
  ): Promise<ObjectsTogether>;
  /** Which objects a root is made of, the root first, for a message just pulled. @throws not-found */
  treeOf(root: ObjectId): Promise<ObjectTree>;
}
