import { watchFiles } from "../../auth/watch_files.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { type CheckedServerTls, readServerTls } from "../../certs/check.ts";
import { pathsOf, type SuperLinkTls } from "./config.ts";

const logger = log("superlink");

/** Options of {@link followCertificate}. */
export interface FollowCertificateOptions {
  /** Uses another certificate from now on. */
  readonly renew: (tls: CheckedServerTls) => Promise<void>;
  /** Stops following. */
  readonly signal: AbortSignal;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** A certificate whose files are watched. */
export interface CertificateRenewal {
  /** Reads the files now if they have changed. Never rejects. */
  look(): Promise<void>;
  /** Rejects when the SuperLink cannot serve with the new certificate, nor with the old one any more. Never resolves. */
  readonly failure: Promise<never>;
}

/**
 * Uses a new certificate as soon as its files have changed. Files that do not belong together, an expired certificate,
 * and one that lacks a host of the present one are logged and not used: nodes and running apps call those hosts.
 *
 * @param now the certificate in use
 */
export async function followCertificate(
  now: SuperLinkTls,
  { renew, signal, clock = systemClock }: FollowCertificateOptions,
): Promise<CertificateRenewal> {
  const { promise: failure, reject } = Promise.withResolvers<never>();
  // Whoever waits for it gets the error.
  failure.catch(() => {});
  let used: CheckedServerTls = now;
  const { look } = await watchFiles(pathsOf(now.files), {
    signal,
    clock,
    known: { content: now as CheckedServerTls, version: now.version },
    read: async () => requireHosts(await readServerTls(now.files, clock), now),
    async onChange(next) {
      if (next.certificate === used.certificate && next.key === used.key) return;
      try {
        await renew(next);
      } catch (error) {
        const problem = FlwrError.from(error);
        return problem.code === "invalid-argument" ? refuse(problem) : reject(problem);
      }
      if (next.authority !== used.authority) {
        logger.warn("The new certificate has another authority: SuperNodes must trust it, too", {
          event: "authority-changed",
        });
      }
      used = next;
      logger.info("New connections get the new certificate, which is valid until {validTo}", {
        event: "certificate-renewed",
        validTo: next.validTo.toISOString(),
      });
    },
    onError: refuse,
  });
  return { look, failure };
}

function refuse({ message }: FlwrError): void {
  logger.error("The changed certificate is not used, and the previous one stays: {message}", {
    event: "certificate-refused",
    message,
  });
}

/** Refuses a certificate without a host that the present one names. */
function requireHosts(next: CheckedServerTls, now: SuperLinkTls): CheckedServerTls {
  const missing = now.hosts.filter(({ type, value }) =>
    !next.hosts.some((host) => host.type === type && host.value === value)
  );
  if (missing.length === 0) return next;
  const names = missing.map(({ value }) => `"${value}"`).join(", ");
  throw new FlwrError(
    "failed-precondition",
    `The certificate in "${now.files.certificate.file}" no longer names ${names}`,
    { hints: ["Restart the SuperLink to serve under other names"] },
  );
}
