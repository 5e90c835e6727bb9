/**
 * How a node receives its messages, as stored in LinkNode.wire. Nodes of 1.15 to 1.22 send the same requests for
 * messages but need different responses. The calls by which a node joins and stays online tell the versions apart.
 */
export const NODE_WIRE = {
  /** As objects: Flower 1.23 and later, which join with ActivateNode. */
  current: "current",
  /**
   * As objects: Flower 1.20 to 1.22, which join with CreateNode and stay online with SendNodeHeartbeat. So does 1.19,
   * but with other objects and responses; it is recognised when it requests its first message's objects.
   */
  objects: "flwr-1.20",
  /** As whole messages: Flower 1.15 to 1.18, which join with CreateNode and stay online with Ping. */
  whole: "flwr-1.15",
} as const;
