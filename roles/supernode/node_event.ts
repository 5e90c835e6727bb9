/** An event of a SuperNode, for metrics and traces. */
export type NodeEvent =
  | { readonly kind: "joined" }
  | { readonly kind: "left" }
  | { readonly kind: "heartbeat"; readonly isSent: boolean }
  | { readonly kind: "pull-failed" }
  | { readonly kind: "instruction-received"; readonly messageType: string }
  /** `seconds`: how long the ClientApp worked. `isError`: the reply tells of an error. */
  | {
    readonly kind: "instruction-answered";
    readonly messageType: string;
    readonly seconds: number;
    readonly isError: boolean;
  }
  /** What happened to a reply. `not-needed`: its run has ended. */
  | { readonly kind: "reply"; readonly outcome: "sent" | "not-needed" | "failed" };

/** Gets the events of a SuperNode. Must not throw. */
export type OnNodeEvent = (event: NodeEvent) => void;
