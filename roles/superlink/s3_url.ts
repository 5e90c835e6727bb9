import { readText, type TextKind } from "../../auth/read_text.ts";
import { FlwrError } from "../../base/error.ts";
import type { S3Credentials, S3Target } from "../../link/store/objects/s3_store.ts";
import { isLoopback } from "../../rpc/address.ts";
import { OBJECT_STORE_EXAMPLE, type ObjectStoreFlags } from "./object_store_flags.ts";
import { readCredentials } from "./s3_credentials.ts";

const CA_FILE: TextKind = { what: "Certificate", maxBytes: 2 ** 20 };
/** Names of buckets (docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html). */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** Names that need no escapes in URLs and lists. */
const PREFIX = /^[\w.-]+(\/[\w.-]+)*$/;
const REGION = /^[\w-]{1,64}$/;
const DEFAULT_REGION = "us-east-1";

/**
 * Reads the URL of a bucket, and its credentials: from `--object-store-credentials-file`, or from the variables of
 * Amazon's programs.
 *
 * @param variable reads an environment variable
 * @throws FlwrError naming `--object-store` or the other flag. It never contains the secret
 */
export async function readS3(
  text: string,
  flags: ObjectStoreFlags,
  variable: (name: string) => string | undefined,
): Promise<S3Target> {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // Without the cause, which contains the text.
    throw wrong("The URL is malformed");
  }
  if (url.username !== "" || url.password !== "" || url.hash !== "" || url.port !== "") {
    throw wrong(
      "The URL may have a bucket, a prefix, an endpoint and a region, and nothing else",
      "Put credentials into a file and name it with --object-store-credentials-file",
    );
  }
  const names = [...url.searchParams.keys()];
  for (const [index, name] of names.entries()) {
    if (!["endpoint", "region"].includes(name)) {
      throw wrong(`The URL's parameter "${name}" is not supported`, "Leave it out");
    }
    if (names.indexOf(name) !== index) throw wrong(`The URL's parameter "${name}" occurs twice`);
  }
  const bucket = url.hostname;
  if (!BUCKET.test(bucket)) throw wrong("The URL names no bucket");
  const prefix = url.pathname.replace(/^\/|\/$/g, "");
  if (prefix !== "" && !PREFIX.test(prefix)) {
    throw wrong("The URL's prefix may have letters, digits, and the characters _ . - /");
  }
  const region = url.searchParams.get("region") ?? variable("AWS_REGION") ??
    variable("AWS_DEFAULT_REGION") ?? DEFAULT_REGION;
  if (!REGION.test(region)) throw wrong(`"${region}" is not a region`);
  const endpoint = url.searchParams.get("endpoint");
  const ca = await readCa(flags.objectStoreCaFile);
  return {
    address: `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`,
    bucketUrl: endpoint === null
      ? amazonUrl(bucket, region)
      : `${readEndpoint(endpoint)}/${bucket}`,
    prefix: prefix === "" ? "" : `${prefix}/`,
    region,
    credentials: await credentialsOf(flags.objectStoreCredentialsFile, variable),
    ...(ca === undefined ? {} : { ca }),
  };
}

/** URL of a bucket at Amazon. The certificate does not cover a bucket name with dots. */
function amazonUrl(bucket: string, region: string): string {
  const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return bucket.includes(".")
    ? `https://s3.${region}.${domain}/${bucket}`
    : `https://${bucket}.s3.${region}.${domain}`;
}

function readEndpoint(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong("The endpoint is not a URL");
  }
  if (!["http:", "https:"].includes(url.protocol)) throw wrong("The endpoint is not a URL of HTTP");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw wrong("The endpoint may have a host, a port and a path, and nothing else");
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname.replace(/^\[(.*)\]$/, "$1"))) {
    throw new FlwrError(
      "failed-precondition",
      `--object-store: http:// would send everything to "${url.hostname}" unencrypted`,
      { hints: ["Use https://. For a private CA, add --object-store-ca-file"] },
    );
  }
  return url.href.replace(/\/$/, "");
}

async function credentialsOf(
  file: string | undefined,
  variable: (name: string) => string | undefined,
): Promise<S3Credentials> {
  if (file !== undefined) return await readCredentials(file);
  const accessKeyId = variable("AWS_ACCESS_KEY_ID") ?? "";
  const secretAccessKey = variable("AWS_SECRET_ACCESS_KEY") ?? "";
  if (accessKeyId === "" || secretAccessKey === "") {
    throw new FlwrError("invalid-argument", "--object-store s3://… needs credentials", {
      hints: [
        "Name a file with --object-store-credentials-file",
        "Or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
      ],
    });
  }
  const sessionToken = variable("AWS_SESSION_TOKEN") ?? "";
  return { accessKeyId, secretAccessKey, ...(sessionToken === "" ? {} : { sessionToken }) };
}

async function readCa(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const ca = await readText({ file, flag: "--object-store-ca-file" }, CA_FILE);
  if (ca.includes("-----BEGIN CERTIFICATE-----")) return ca;
  throw new FlwrError(
    "invalid-argument",
    `--object-store-ca-file: File "${file}" contains no PEM certificate`,
  );
}

function wrong(what: string, hint = OBJECT_STORE_EXAMPLE): FlwrError {
  return new FlwrError("invalid-argument", `--object-store: ${what}`, { hints: [hint] });
}
