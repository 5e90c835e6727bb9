import { Buffer } from "node:buffer";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { type ChannelCredentials, type ChannelOptions, credentials } from "@grpc/grpc-js";
import { type Address, formatAddress, isIP } from "./address.ts";
import { checkRoots, type ClientTls } from "./client_tls.ts";

/**
 * Server name (SNI) that a TLS client sends in place of an IP address, because SNI allows only names. It decides
 * nothing here. A server that selects certificates by name usually has one for it, and otherwise uses its default
 * one.
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
