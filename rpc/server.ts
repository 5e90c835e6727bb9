/** A server's certificate as PEM text. Errors in it appear only at the first handshake, so check it before. */
export interface ServerCertificate {
  /** The authority that signed `cert`. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A server that is listening. */
export interface RpcServer {
  /** "host:port" with the actual port. */
  readonly address: string;
  /**
   * Stops accepting calls, waits for open ones, then cancels the rest.
   *
   * @param graceSeconds how long open calls may take
   */
  close(graceSeconds: number): Promise<void>;
}
