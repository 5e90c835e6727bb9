import { X509Certificate } from "node:crypto";
import { RecentMap } from "../../base/recent_map.ts";
import { isIP } from "../address.ts";

/** Sources of a server's host names. */
export interface OwnHostsOptions {
  /** Names given by the server's owner; "*" allows any. */
  readonly names?: readonly string[];
  /** The server's certificate in PEM, whose DNS names are the server's names. */
  readonly certificate?: string;
}

/** Allows every host, because a proxy in front checks it. */
const ANY = "*";

/** Longest Host header: a DNS name's 253 characters, a colon and a port. */
const MAX_HOST_LENGTH = 259;

/** Hosts whose result is cached, at most. */
const MAX_REMEMBERED = 64;

/** Domains that nobody can register (RFC 6761, RFC 6762, ICANN's reservation of ".internal"). */
const PRIVATE_DOMAINS = [".localhost", ".local", ".internal"];

/**
 * The hosts under which a server may be called, as the Host header names them. This stops DNS rebinding: a web page
 * lets its own name resolve to a server's address, and then calls the server as its own origin, but only under a name
 * that its author could register. So these are allowed: every IP address, names of one label ("localhost",
 * "superlink"), names of private domains, the certificate's names, and names given by the owner.
 */
export class OwnHosts {
  readonly #names: ReadonlySet<string>;
  #certificate: string | undefined;
  /** DNS names of the certificate, some with "*" as their first label; read on first use. */
  #certified: readonly string[] | undefined;
  #known = new RecentMap<string, boolean>(MAX_REMEMBERED);

  constructor({ names = [], certificate }: OwnHostsOptions = {}) {
    this.#names = new Set(names.map(plainName));
    this.#certificate = certificate;
  }

  /** Uses the names of another certificate in place of those of the former one. */
  renew(certificate: string): void {
    this.#certificate = certificate;
    this.#certified = undefined;
    this.#known = new RecentMap(MAX_REMEMBERED);
  }

  /** Whether a Host header's value is allowed, with any port. */
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

/** A name in the form for comparison: DNS ignores case, and a trailing dot is the root's. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}
