/** A connection below HTTP/2: TCP or TLS. Not to be read, or written, twice at a time. */
export interface ByteSocket {
  /** "address:port" of the other end. */
  readonly peer: string;
  /** @returns how many bytes came; null at the end */
  read(into: Uint8Array): Promise<number | null>;
  /** @returns how many of the bytes were taken */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends reading and writing; may be called again. */
  close(): void;
}
