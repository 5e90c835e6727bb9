import { readText, type TextKind } from "../../../auth/read_text.ts";
import { FlwrError } from "../../../base/error.ts";
import {
  makeCertificates,
  type MakeCertificatesOptions,
  makeServerCertificate,
} from "../../../certs/make.ts";
import { type Change, makeOrReplace } from "./change.ts";
import { exists, type Layout } from "./layout.ts";

/** Largest file of an authority that is read, in bytes. */
const AUTHORITY_FILE: TextKind = { what: "Authority", maxBytes: 64 * 1024 };

/**
 * Plans the certificates: new ones, or none if they exist.
 *
 * The CA's key may be missing, because it should be removed after the certificate is made.
 *
 * @param force whether to replace existing certificates
 * @throws FlwrError "failed-precondition" when only some files exist; "already-exists" when options would need new ones
 */
export async function planCertificates(
  layout: Layout,
  options: MakeCertificatesOptions,
  force: boolean,
): Promise<Change[]> {
  const needed = [layout.authority, layout.serverKey, layout.server];
  const present = await Promise.all(needed.map(exists));
  const some = present.includes(true) || await exists(layout.authorityKey);
  const authority = [layout.authority, layout.authorityKey];
  const server = [layout.serverKey, layout.server];
  const hints = [
    `To renew the server's certificate, remove ${server.join(" and ")} and run again: SuperNodes ` +
    `go on trusting ${layout.authority}`,
    "To recreate everything, including the keys, add --force",
  ];
  if (!force && await areThere(authority, true) && await areThere(server, false)) {
    return await planRenewal(layout, options);
  }
  if (some && !force) {
    const missing = needed.filter((_, index) => !present[index]);
    if (missing.length > 0) {
      throw new FlwrError(
        "failed-precondition",
        `Certificates are incomplete: ${missing.join(" and ")} ${
          missing.length === 1 ? "is" : "are"
        } missing`,
        { hints },
      );
    }
    const flag = options.hosts?.length ? "--host" : options.days !== undefined ? "--days" : "";
    if (flag === "") return [];
    throw new FlwrError(
      "already-exists",
      `Certificates already exist, so ${flag} has no effect: ${layout.server}`,
      { hints },
    );
  }
  const made = await makeCertificates(options);
  const files = [
    { file: layout.authorityKey, text: made.authorityKey, access: "private" },
    { file: layout.authority, text: made.authority, access: "public" },
    { file: layout.serverKey, text: made.serverKey, access: "private" },
    { file: layout.server, text: made.server, access: "public" },
  ] as const;
  return await Promise.all(files.map(async (planned): Promise<Change> => ({
    action: await makeOrReplace(planned.file, force),
    ...planned,
  })));
}

/** Whether all of these files exist, or none of them does. */
async function areThere(files: readonly string[], expected: boolean): Promise<boolean> {
  return (await Promise.all(files.map(exists))).every((found) => found === expected);
}

/** Plans another certificate of the server, signed by the present authority. */
async function planRenewal(layout: Layout, options: MakeCertificatesOptions): Promise<Change[]> {
  const [authority, authorityKey] = await Promise.all(
    [layout.authority, layout.authorityKey].map((file) => readText({ file }, AUTHORITY_FILE)),
  );
  try {
    const files = { authority: authority!, authorityKey: authorityKey! };
    const made = await makeServerCertificate(files, options);
    return [
      { action: "make", file: layout.serverKey, text: made.serverKey, access: "private" },
      { action: "make", file: layout.server, text: made.server, access: "public" },
    ];
  } catch (thrown) {
    const { code, message } = FlwrError.from(thrown);
    throw new FlwrError(code, `${layout.authority}, ${layout.authorityKey}: ${message}`, {
      hints: [
        `To make a new authority, which all SuperNodes need, remove ${layout.certificateFolder} and run again`,
      ],
      cause: thrown,
    });
  }
}
