import { FlwrError } from "../../../base/error.ts";

/** Largest body of an error or a list, in bytes. A list of 1,000 objects has about 400 kB. */
const MAX_BODY_BYTES = 4 * 2 ** 20;

/** Error that a service reports (docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html). */
export interface S3Error {
  /** Such as "NoSuchBucket"; "" if the body is not one of S3's errors. */
  readonly code: string;
  readonly message: string;
}

/** Reads the body of an error. A body that is not one gives an error without a code. */
export async function errorBody(response: Response): Promise<S3Error> {
  const xml = await text(response);
  return { code: element(xml, "Code") ?? "", message: element(xml, "Message") ?? "" };
}

/** Page of a list of objects. */
export interface S3List {
  readonly objects: readonly {
    readonly key: string;
    /** Unix time in milliseconds. */
    readonly changed: number;
  }[];
  /** Token of the next page; undefined after the last one. */
  readonly next?: string;
}

/**
 * Reads a list of objects (docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html). Names of our objects need no
 * escapes, and others are ignored, so the XML is searched and not parsed.
 *
 * @throws unavailable if it is something else
 */
export async function listBody(response: Response): Promise<S3List> {
  const xml = await text(response);
  if (!xml.includes("<ListBucketResult")) {
    throw new FlwrError("unavailable", "The SuperLink's object store cannot be used", {
      hints: ["--object-store: The service answered a list with something else"],
    });
  }
  const objects = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].flatMap(([, contents]) => {
    const key = element(contents!, "Key");
    const changed = Date.parse(element(contents!, "LastModified") ?? "");
    return key === undefined || Number.isNaN(changed) ? [] : [{ key, changed }];
  });
  const token = element(xml, "IsTruncated") === "true"
    ? element(xml, "NextContinuationToken")
    : undefined;
  return { objects, ...(token === undefined ? {} : { next: unescaped(token) }) };
}

/** What to tell the operator about an answer that is an error. */
export interface S3Problem {
  readonly problem: string;
  readonly hint?: string;
  /** Whether another attempt may succeed. */
  readonly mayPass: boolean;
}

/** Explains an error of a service. */
export function problemOf(status: number, { code, message }: S3Error, headers: Headers): S3Problem {
  const region = headers.get("x-amz-bucket-region");
  if (status >= 500 || status === 429 || status === 408) {
    return { problem: `The service answers with status ${status}${named(code)}`, mayPass: true };
  }
  if (code === "RequestTimeTooSkewed") {
    return {
      problem: "The service refuses the time of this machine's clock",
      hint: "Set the clock, for example with NTP",
      mayPass: false,
    };
  }
  if (
    region !== null || status === 301 || status === 307 || code.startsWith("AuthorizationHeader")
  ) {
    const hint = region === null ? "Give ?region=…" : `Give ?region=${shown(region)}`;
    return { problem: "The bucket is in another region", hint, mayPass: false };
  }
  if (code === "NoSuchBucket") {
    return { problem: "The bucket does not exist", hint: "Create it first", mayPass: false };
  }
  if (status === 401 || status === 403) {
    return {
      problem: `The service refuses access${named(code)}`,
      hint: "Check the credentials, and that they may read, write, list and delete",
      mayPass: false,
    };
  }
  const said = message === "" ? "" : `: ${shown(message)}`;
  return {
    problem: `The service answers with status ${status}${named(code)}${said}`,
    mayPass: false,
  };
}

function named(code: string): string {
  return code === "" ? "" : ` (${shown(code)})`;
}

/** Text of the service on one line, without control characters. */
function shown(text: string): string {
  // deno-lint-ignore no-control-regex -- they are what is replaced
  return text.slice(0, 200).replaceAll(/[\x00-\x1f\x7f-\x9f]/g, " ");
}

/** Reads a body of bounded size. The rest of a longer one is left out. */
async function text(response: Response): Promise<string> {
  let [xml, bytes] = ["", 0];
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    xml += decoder.decode(chunk, { stream: true });
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) break;
  }
  return xml;
}

function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}

function unescaped(text: string): string {
  const names: Readonly<Record<string, string>> = {
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
    apos: "'",
  };
  return text.replaceAll(/&(amp|lt|gt|quot|apos);/g, (_, name) => names[name]!);
}
