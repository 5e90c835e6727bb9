/**
 * How a node takes its messages, as LinkNode.wire keeps it: a node of 1.15 to 1.22 sends the same requests for its
 * messages, however it is to be answered. Which it is shows in how it joins and keeps online.
 */
export const NODE_WIRE = {
  /** As objects: Flower 1.23 and later, which join by ActivateNode. */
  current: "current",
  /**
   * As objects: Flower 1.20 to 1.22, which join by CreateNode and keep online by SendNodeHeartbeat. So does 1.19, whose
   * objects and answers are others; it is told when it asks for its first message's.
   */
  objects: "flwr-1.20",
  /** Whole: Flower 1.15 to 1.18, which join by CreateNode and keep online by Ping. */
  whole: "flwr-1.15",
} as const;
