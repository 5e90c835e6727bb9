/** Sessions at the server of a shared store, in the names of SuperLinks. The end of a process ends its session at once. */
export interface Sessions {
  /** Keeps a session in the name of a SuperLink until the store closes. A lost one is replaced. Never throws. */
  announce(serverId: bigint): void;
  /** The SuperLinks with a session. @throws unavailable if this process has none */
  look(): Promise<SessionsLook>;
}

/** What a look at the sessions found. */
export interface SessionsLook {
  /** The session in which it was found. Another one has another object. */
  readonly own: object;
  readonly serverIds: ReadonlySet<bigint>;
}
