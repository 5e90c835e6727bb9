import { Buffer } from "node:buffer";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { type ChannelCredentials, type ChannelOptions, credentials } from "@grpc/grpc-js";
import { FlwrError } from "../base/error.ts";
import { type Address, formatAddress, isIP } from "./address.ts";

/** How a client speaks to a server: over TLS, or in plain text. */
export type ClientTls =
  | "insecure"
  | {
    /** PEM text of the authorities to trust; without it the system's. */
    readonly rootCertificates?: string;
  };

/**
 * What a TLS client sends as the server's name in place of an IP address, where only a name may stand. It decides
 * nothing here; a server that looks for a certificate of that name mostly has one, and takes its default one else.
 */
const NAME_FOR_IP = "localhost";

/** Credentials and options of a grpc-js channel to the address. @throws FlwrError "invalid-argument" */
export function channelSecurity(
  address: Address,
  tls: ClientTls,
): { credentials: ChannelCredentials; options: ChannelOptions } {
  if (tls === "insecure") return { credentials: credentials.createInsecure(), options: {} };
  const roots = tls.rootCertificates === undefined
    ? null
    : Buffer.from(checkRoots(tls.rootCertificates));
  if (!isIP(address.host)) {
    return { credentials: credentials.createSsl(roots), options: {} };
  }
  return {
    credentials: credentials.createSsl(roots, null, null, {
      checkServerIdentity: (_name: string, certificate: PeerCertificate) =>
        checkServerIdentity(address.host, certificate),
    }),
    options: {
      "grpc.ssl_target_name_override": NAME_FOR_IP,
      "grpc.default_authority": formatAddress(address),
    },
  };
}

/**
 * The PEM text of root certificates, where it holds one: TLS libraries take a file without for an empty list and then
 * trust nobody, without a word.
 *
 * @throws FlwrError "invalid-argument"
 */
export function checkRoots(pem: string): string {
  if (!pem.includes("-----BEGIN CERTIFICATE-----")) {
    throw new FlwrError("invalid-argument", "The root certificates hold no PEM certificate", {
      hints: [
        'Give the ca.crt of the SuperLink to --root-certificates: it starts "-----BEGIN CERTIFICATE-----"',
      ],
    });
  }
  return pem;
}
