/** A PostgreSQL database, and how to connect to it. */
export interface PostgresTarget {
  /** Host name or IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Undefined if the server asks for none. */
  readonly password?: string;
  /** TLS options; undefined: unencrypted, for this machine only. */
  readonly tls?: PostgresTls;
  /** Schema of the tables; default: the first in the server's `search_path`. */
  readonly schema?: string;
}

/** How a server's certificate is verified. */
export interface PostgresTls {
  /** Certificates of the trusted authorities, PEM; default: those of the system. */
  readonly ca?: string;
  /** Whether the certificate must name the host. */
  readonly checksHost: boolean;
}

/** The database in error messages, without user and password. */
export function addressOf({ host, port, database }: PostgresTarget): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}/${database}`;
}
