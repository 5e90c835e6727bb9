import { type OpenSsl, openSsl } from "./openssl.ts";

/** The system's OpenSSL, opened when it is first needed. */
let opening: Promise<OpenSsl | undefined> | undefined;

/** Returns the system's OpenSSL, which a process opens once; undefined if {@link openSsl} finds none. */
export function systemOpenSsl(): Promise<OpenSsl | undefined> {
  return opening ??= openSsl();
}
