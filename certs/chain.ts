import type { X509Certificate } from "node:crypto";
import type { CheckBudget } from "./check_budget.ts";
import { nameText } from "./name_text.ts";
import { madeSignature } from "./signature.ts";

/** Longest chain to search, in certificates. */
const MAX_CHAIN_LENGTH = 10;

/** A certificate chain: a certificate, its issuer, the issuer's issuer, and so on. The last one is an authority. */
export type Chain = readonly [X509Certificate, ...X509Certificate[]];

/** A certificate with its decoded names, because every getter of an X509Certificate decodes it again. */
interface Candidate {
  readonly certificate: X509Certificate;
  /** The certificate's bytes, as a map key. */
  readonly id: string;
  readonly subject: string;
  readonly issuer: string;
}

/**
 * Finds the chains from a certificate to one of the authorities, directly or through intermediate certificates. Shorter
 * chains of an issuer come first. There are several chains if an authority was renewed, or signed by two others.
 *
 * The search serves to report wrong files at start. Clients' TLS stacks do their own verification; they, too, try all
 * certificates with the issuer's name in turn.
 *
 * @param certificate if it is one of the authorities, it is a chain by itself
 * @param between the intermediate certificates
 * @param budget limits the number of verified signatures; the search ends when it is used up
 * @returns the chains, found lazily; empty if the certificate does not come from the authorities
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
    // If the platform cannot verify it but a client might, matching names are enough.
    return madeSignature(issuer.publicKey, subject) ?? true;
  } catch {
    // This platform cannot load the key.
    return true;
  }
}
