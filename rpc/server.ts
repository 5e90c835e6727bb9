/** A server's certificate, as PEM text. What is wrong with it shows at the first handshake: check it before. */
export interface ServerTls {
  /** The authority that signed `cert`. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A server that is listening. */
export interface RpcServer {
  /** "host:port" with the port that was taken. */
  readonly address: string;
  /**
   * Takes no new calls, waits for those that are open, then breaks off what is left.
   *
   * @param graceSeconds how long open calls may take
   */
  close(graceSeconds: number): Promise<void>;
}
