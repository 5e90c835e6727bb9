/** The TCP or TLS connection below HTTP/2. At most one read and one write at a time. */
export interface ByteSocket {
  /** "address:port" of the other end. */
  readonly peer: string;
  /** @returns number of bytes read; null at the end */
  read(into: Uint8Array): Promise<number | null>;
  /** @returns number of bytes written */
  write(bytes: Uint8Array): Promise<number>;
  /** Closes the connection. Idempotent. */
  close(): void;
}
