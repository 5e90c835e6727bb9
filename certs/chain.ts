import type { X509Certificate } from "node:crypto";
import type { CheckBudget } from "./check_budget.ts";
import { nameText } from "./name_text.ts";
import { madeSignature } from "./signature.ts";

/** Longest way from a server certificate to its authority that is followed, in certificates. */
const MAX_CHAIN_LENGTH = 10;

/** A certificate, its issuer, that one's issuer, and so on; the last is an authority, or the only one. */
export type Chain = readonly [X509Certificate, ...X509Certificate[]];

/** A certificate with what is compared: every getter of an X509Certificate decodes it anew. */
interface Candidate {
  readonly certificate: X509Certificate;
  /** Its bytes. */
  readonly id: string;
  readonly subject: string;
  readonly issuer: string;
}

/**
 * The ways from a certificate to one of the authorities, directly or over the certificates between them; the shortest of each
 * issuer first. Several are there where an authority was renewed, or signed by two others.
 *
 * This is for telling a user about mixed-up files at start; the TLS stacks of the clients decide for themselves. They, too,
 * try the certificates with the issuer's name one after the other.
 *
 * @param certificate a certificate that is itself among the authorities comes from them
 * @param budget each signature is taken from it; the search ends when none is left
 * @returns one after the other, each looked for when it is asked for; none where the certificate does not come from the
 *   authorities
 */
export function* findChains(
  certificate: X509Certificate,
  between: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  budget: CheckBudget,
): Generator<Chain> {
  const trusted = authorities.map(candidate);
  const ids = new Set(trusted.map(({ id }) => id));
  const [trustedBy, issuerBy] = [bySubject(trusted), bySubject(between.map(candidate))];
  function* follow(chain: readonly [Candidate, ...Candidate[]]): Generator<Chain> {
    const subject = chain.at(-1)!;
    if (ids.has(subject.id)) yield certificatesOf(chain);
    for (const authority of trustedBy.get(subject.issuer) ?? []) {
      if (authority.id === subject.id) continue;
      if (!budget.takeSignature()) return;
      if (signed(authority, subject)) yield certificatesOf([...chain, authority]);
    }
    if (chain.length >= MAX_CHAIN_LENGTH) return;
    for (const issuer of issuerBy.get(subject.issuer) ?? []) {
      if (chain.some(({ id }) => id === issuer.id)) continue;
      if (!budget.takeSignature()) return;
      if (signed(issuer, subject)) yield* follow([...chain, issuer]);
    }
  }
  yield* follow([candidate(certificate)]);
}

function candidate(certificate: X509Certificate): Candidate {
  return {
    certificate,
    id: certificate.raw.toString("latin1"),
    subject: nameText(certificate, "subject"),
    issuer: nameText(certificate, "issuer"),
  };
}

function bySubject(candidates: readonly Candidate[]): Map<string, Candidate[]> {
  return Map.groupBy(candidates, ({ subject }) => subject);
}

function certificatesOf([first, ...others]: readonly [Candidate, ...Candidate[]]): Chain {
  return [first.certificate, ...others.map(({ certificate }) => certificate)];
}

function signed({ certificate: issuer }: Candidate, { certificate: subject }: Candidate): boolean {
  try {
    // Where it cannot be verified here, though perhaps by a client, names alone must do.
    return madeSignature(issuer.publicKey, subject) ?? true;
  } catch {
    // A key that this platform does not load.
    return true;
  }
}
