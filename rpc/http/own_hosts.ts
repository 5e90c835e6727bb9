import { X509Certificate } from "node:crypto";
import { RecentMap } from "../../base/recent_map.ts";
import { isIP } from "../address.ts";

/** Who else than the certificate says what a server is called. */
export interface OwnHostsOptions {
  /** Names that the server's owner gave it; "*" stands for all. */
  readonly names?: readonly string[];
  /** The server's certificate in PEM: what it is for is the server's name. */
  readonly certificate?: string;
}

/** For every host: some proxy in front checks it. */
const ANY = "*";

/** Longest host that a caller may name: a DNS name's 253 characters, a colon and a port. */
const MAX_HOST_LENGTH = 259;

/** Names that were looked up in the certificate, at most. */
const MAX_REMEMBERED = 64;

/** Domains that nobody can register (RFC 6761, RFC 6762, ICANN's reservation of ".internal"). */
const PRIVATE_DOMAINS = [".localhost", ".local", ".internal"];

/**
 * The hosts by which a server may be called, as the header "host" names them. A page on the web can have its own name
 * resolve to a server's address (DNS rebinding) and then call that server as its own origin: but only by a name that its
 * author could register. So every IP address will do, names of one label ("localhost", "superlink") and of private domains,
 * and of other names those of the certificate and those that the owner gave.
 */
export class OwnHosts {
  readonly #names: ReadonlySet<string>;
  readonly #certificate: string | undefined;
  /** DNS names of the certificate, some with "*" for their first label; read when they are asked for. */
  #certified: readonly string[] | undefined;
  readonly #known = new RecentMap<string, boolean>(MAX_REMEMBERED);

  constructor({ names = [], certificate }: OwnHostsOptions = {}) {
    this.#names = new Set(names.map(plainName));
    this.#certificate = certificate;
  }

  /** Whether the value of a header "host" is one of them, whatever its port. */
  has(header: string): boolean {
    const known = this.#known.get(header);
    if (known !== undefined) return known;
    const found = this.#look(header);
    this.#known.set(header, found);
    return found;
  }

  #look(header: string): boolean {
    if (header.length > MAX_HOST_LENGTH) return false;
    const [, name, address] =
      /^(?:([\w.-]+)|\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\])(?::\d{1,5})?$/.exec(header) ?? [];
    if (address !== undefined) return isIP(address);
    if (name === undefined) return false;
    const host = plainName(name);
    return this.#names.has(ANY) || isIP(host) || !host.includes(".") ||
      PRIVATE_DOMAINS.some((domain) => host.endsWith(domain)) || this.#names.has(host) ||
      this.#isCertified(host);
  }

  #isCertified(host: string): boolean {
    this.#certified ??= this.#certificate === undefined ? [] : namesOf(this.#certificate);
    const wildcard = host.replace(/^[^.]+/, "*");
    return this.#certified.some((name) => name === host || name === wildcard);
  }
}

function namesOf(certificate: string): string[] {
  const { subjectAltName = "" } = new X509Certificate(certificate);
  return subjectAltName.split(", ").flatMap((name) => {
    const [, dns] = /^DNS:(.+)$/.exec(name) ?? [];
    return dns === undefined ? [] : [plainName(dns)];
  });
}

/** As names are compared: DNS knows no case, and a full stop at the end is the root's. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}
