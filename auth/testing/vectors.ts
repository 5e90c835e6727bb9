/** Path of the folder of recorded values, with a final slash. */
const VECTORS = new URL("../../tests/vectors/", import.meta.url).pathname;

/** Folder of ssh-keygen keys used in recorded sessions of Flower 1.9. Client 3 has a scalar of 47 bytes. */
export const KEY_FOLDER = `${VECTORS}flwr-1.9-keys/`;

/** Folder of keys of each curve by ssh-keygen of OpenSSH 9.2, without a comment. */
export const SSH_KEYGEN_FOLDER = `${VECTORS}auth/ssh-keygen/`;

/** A file of KEY_FOLDER as Python's cryptography reads it. */
export interface KeyFacts {
  private_scalar_hex: string;
  spki_pem: string;
  public_key_header: string;
  pkcs8_pem: string;
  ssh_public_line: string;
}

/** A secret that Flower 1.9 derived from two files of KEY_FOLDER. */
export interface SharedSecret {
  client: string;
  server: string;
  ecdh_x_hex: string;
  hkdf_sha256_len32_nosalt_noinfo_hex: string;
  hmac_key_ascii: string;
}

/** A key of the synthetic session, as Python's cryptography writes it. */
export interface SessionKey {
  openssh_private: string;
  pkcs8_private: string;
  openssh_public: string;
  spki_public: string;
  metadata_public_key: string;
}

/** A synthetic session between three keys with scalars of 8 to 17 bytes. */
export interface Session {
  server: SessionKey;
  client: SessionKey;
  other: SessionKey;
  /** Base64. */
  shared_secret: string;
  hmac_key_ascii: string;
  hmac: Record<string, string>;
  csv_row: string;
}

/** A request of client 1 to the server of KEY_FOLDER with its token. */
export interface SignedRequest {
  name: string;
  canonical_hex: string;
  hmac_hex: string;
  auth_token: string;
  public_key_header: string;
}

/** A time signed by Flower 1.41. */
export interface NodeSignature {
  private_key_openssh: string;
  private_key_pkcs8: string;
  public_key_openssh: string;
  public_key_pem: string;
  signed_ascii: string;
  signature_der_b64: string;
}

function read<T>(path: string): T {
  return JSON.parse(Deno.readTextFileSync(VECTORS + path));
}

export const keyFacts = (): Record<string, KeyFacts> => read("auth/keys.json");
export const sharedSecrets = (): SharedSecret[] => read("auth/shared-secrets.json");
export const session = (): Session => read("auth/session.json");
export const nodeSignatures = (): NodeSignature[] => read("auth/node-signatures.json");
export const signedRequests = (): SignedRequest[] => read("flwr-1.9/requests.json");

/** Deterministic serialisation of the session's requests, in base64, by name. */
export const sessionMessages = (): Record<string, { deterministic: string }> =>
  read("flwr-1.9/messages.json");
