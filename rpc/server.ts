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
   * Uses another certificate for new connections; open ones go on with theirs.
   *
   * @param certificate a checked one. The server must have been started with one
   * @throws FlwrError "invalid-argument" if the certificate cannot be used, which changes nothing; "unavailable" if the
   *   port could not be opened again. Nothing is listening then
   */
  renew(certificate: ServerCertificate): Promise<void>;
  /**
   * Stops accepting calls, waits for open ones, then cancels the rest.
   *
   * @param graceSeconds how long open calls may take
   */
  close(graceSeconds: number): Promise<void>;
}
