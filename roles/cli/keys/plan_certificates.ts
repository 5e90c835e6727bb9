import { FlwrError } from "../../../base/error.ts";
import { makeCertificates, type MakeCertificatesOptions } from "../../../certs/make.ts";
import { type Change, makeOrReplace } from "./change.ts";
import { exists, type Layout } from "./layout.ts";

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
  const hints = [
    `To renew the certificates and keep the keys, remove ${layout.certificateFolder} and run again`,
    "To recreate everything, including the keys, add --force",
  ];
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
