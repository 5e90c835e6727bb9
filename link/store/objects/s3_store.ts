import { AwsV4Signer } from "aws4fetch";
import { sha256Hex } from "../../../base/platform.ts";
import {
  LOCATION,
  type Location,
  type LocationPage,
  objectAt,
  type ObjectStore,
} from "../../objects/object_store.ts";
import { BytesCheck, cannotUse, checkBytes, damaged } from "./bytes_check.ts";
import { errorBody, listBody, problemOf, type S3List } from "./s3_answers.ts";

/** Name of the object with the id of the database that bucket and prefix belong to. */
const OWNER = "flwr-object-store";
/** SHA-256 of no bytes, which a signature of a request without a body contains. */
const NO_BYTES = sha256Hex("");
/** Number of attempts of a request. */
const ATTEMPTS = 4;
/** Seconds for all attempts of a request, and bytes of an object for each further second. */
const [REQUEST_SECONDS, BYTES_PER_SECOND] = [30, 2 ** 20];
/** Seconds to wait after a failed attempt: the first time at most this, then twice as long each time. */
const PAUSE_SECONDS = 0.4;
/** Number of attempts to take the store for a database, and seconds after which a claim is one that a crash left. */
const [CLAIMS, CLAIM_SECONDS] = [6, 3600];
/** Number of requests for removals at the same time. */
const REMOVALS = 8;

/** Key with which requests are signed. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
}

/** Bucket of a service that speaks the protocol of Amazon S3. */
export interface S3Target {
  /** What the user named it, without secrets. */
  readonly address: string;
  /** URL of the bucket, without a slash at its end. */
  readonly bucketUrl: string;
  /** Beginning of the names of all objects; "" or with a slash at its end. */
  readonly prefix: string;
  readonly region: string;
  readonly credentials: S3Credentials;
  /** PEM certificates of the authorities that sign the service's certificate; undefined: those of Deno. */
  readonly ca?: string;
}

/** A request. */
interface S3Request {
  readonly method: "GET" | "PUT" | "DELETE";
  /** Name of the object; undefined: of the bucket. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** SHA-256 of the body, in hexadecimal. */
  readonly bodyHash?: string;
  /** Number of bytes of the body or of the answer. */
  readonly size?: number;
  /** Statuses beside 200 to 299 that the caller handles. */
  readonly handled?: readonly number[];
}

/** A final answer. */
interface S3Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** The attempt failed, and the next one may succeed. */
class TryAgain extends Error {
  constructor(readonly problem: string, readonly hint: string | undefined, cause?: unknown) {
    super(problem, { cause });
  }
}

/**
 * Objects in a bucket of Amazon S3 or of another service with its protocol. Each request is signed together with the
 * hash of its body, which is the object's id. So a service can refuse bytes that were damaged on their way.
 *
 * Objects are written in one request, because they arrive in one: they have at most 512 MiB, and S3 takes 5 GiB.
 */
export class S3Store implements ObjectStore {
  readonly address: string;
  readonly #target: S3Target;
  readonly #closing = new AbortController();
  readonly #client: Deno.HttpClient;
  /** Keys derived from the secret, one for each day. */
  readonly #keys = new Map<string, ArrayBuffer>();

  constructor(target: S3Target) {
    this.#target = target;
    this.address = target.address;
    this.#client = Deno.createHttpClient({
      ...(target.ca === undefined ? {} : { caCerts: [target.ca] }),
      http2: false,
    });
  }

  async put(location: Location, bytes: Uint8Array): Promise<void> {
    // Not every service compares the body with its signed hash.
    await checkBytes(location, bytes, this.address);
    const { status, body } = await this.#request({
      method: "PUT",
      key: this.#key(location),
      body: bytes,
      bodyHash: objectAt(location),
      size: bytes.length,
      headers: { "content-type": "application/octet-stream" },
      handled: [400],
    }, errorBody);
    if (status !== 400) return;
    if (/Sha256|Digest|Checksum/i.test(body.code)) throw damaged(location, this.address);
    throw this.#refused(status, body);
  }

  async get(location: Location, size: number): Promise<Uint8Array | undefined> {
    const { status, body } = await this.#request(
      { method: "GET", key: this.#key(location), size, handled: [404] },
      async (response) => {
        if (response.status === 404) return await errorBody(response);
        return await this.#read(location, size, response);
      },
    );
    if (body instanceof Uint8Array) return body;
    if (body.code === "NoSuchBucket") throw this.#refused(status, body);
    return undefined;
  }

  async remove(locations: readonly Location[]): Promise<void> {
    const left = locations.values();
    const worker = async () => {
      for (const location of left) {
        const { status, body } = await this.#request({
          method: "DELETE",
          key: this.#key(location),
          handled: [404],
        }, errorBody);
        if (status === 404 && body.code === "NoSuchBucket") throw this.#refused(status, body);
      }
    };
    await Promise.all(Array.from({ length: Math.min(REMOVALS, locations.length) }, worker));
  }

  async list(after: string): Promise<LocationPage> {
    const { prefix } = this.#target;
    const { headers, body } = await this.#list(prefix, after);
    const now = timeOf(headers);
    const found = body.objects.flatMap(({ key, changed }) => {
      const location = key.slice(prefix.length);
      return key.startsWith(prefix) && LOCATION.test(location)
        ? [{ location, age: (now - changed) / 1000 }]
        : [];
    });
    return { found, ...(body.next === undefined ? {} : { next: body.next }) };
  }

  async owner(id?: string): Promise<string | undefined> {
    for (let attempt = 1;; attempt++) {
      const known = await this.#readOwner();
      if (known !== undefined || id === undefined) return known;
      const owner = await this.#claim(id);
      if (owner !== undefined) return owner;
      if (attempt === CLAIMS) {
        throw cannotUse(this.address, "Other SuperLinks take it for their databases just now", {
          hint: "Start again in a moment",
        });
      }
      await pause(PAUSE_SECONDS * 2 ** attempt * Math.random(), this.#closing.signal);
    }
  }

  /**
   * Makes the bucket and prefix belong to a database. Not every service knows conditional requests, so each SuperLink
   * writes a claim first and withdraws if there is another one: of two that start together, at most one finds itself alone.
   *
   * @returns the owner; undefined if there are other claims
   */
  async #claim(id: string): Promise<string | undefined> {
    const claims = `${this.#target.prefix}${OWNER}.claims/`;
    const key = `${claims}${crypto.randomUUID()}`;
    await this.#putText(key, id);
    try {
      const { headers, body } = await this.#list(claims);
      const now = timeOf(headers);
      const others = body.objects.filter((claim) =>
        claim.key !== key && now - claim.changed < CLAIM_SECONDS * 1000
      );
      if (others.length > 0) return undefined;
      // One that was alone before has written the owner before its claim went.
      const known = await this.#readOwner();
      if (known !== undefined) return known;
      await this.#putText(`${this.#target.prefix}${OWNER}`, id, { "if-none-match": "*" });
      return await this.#readOwner();
    } finally {
      await this.#request({ method: "DELETE", key, handled: [404] }, errorBody);
    }
  }

  async #putText(key: string, text: string, headers: Readonly<Record<string, string>> = {}) {
    const body = new TextEncoder().encode(`${text}\n`);
    await this.#request({
      method: "PUT",
      key,
      body,
      bodyHash: sha256Hex(body),
      headers: { "content-type": "text/plain", ...headers },
      handled: [409, 412],
    }, errorBody);
  }

  async #list(prefix: string, after = ""): Promise<S3Answer<S3List>> {
    return await this.#request({
      method: "GET",
      query: {
        "list-type": "2",
        ...(prefix === "" ? {} : { prefix }),
        ...(after === "" ? {} : { "continuation-token": after }),
      },
    }, listBody);
  }

  close(): void {
    this.#closing.abort();
    this.#client.close();
  }

  async #readOwner(): Promise<string | undefined> {
    const { status, body } = await this.#request(
      {
        method: "GET",
        key: `${this.#target.prefix}${OWNER}`,
        handled: [404],
      },
      async (response) =>
        response.status === 404
          ? await errorBody(response)
          : (await response.text()).slice(0, 100).trim(),
    );
    if (typeof body === "string") return body;
    if (body.code === "NoSuchBucket") throw this.#refused(status, body);
    return undefined;
  }

  #key(location: Location): string {
    return `${this.#target.prefix}${location}`;
  }

  /** Reads the bytes of an object into an array of their size, and checks them on the way. */
  async #read(location: Location, size: number, response: Response): Promise<Uint8Array> {
    const bytes = new Uint8Array(size);
    const check = new BytesCheck(location, this.address);
    let filled = 0;
    for await (const chunk of response.body ?? []) {
      if (filled + chunk.length > size) throw damaged(location, this.address);
      check.update(chunk);
      bytes.set(chunk, filled);
      filled += chunk.length;
    }
    if (filled < size) {
      // A connection that ended early, unless the service says that this is all.
      if (Number(response.headers.get("content-length")) === filled) {
        throw damaged(location, this.address);
      }
      throw new TryAgain(`Only ${filled} of ${size} bytes arrived`, undefined);
    }
    check.end();
    return bytes;
  }

  /**
   * Makes a request, several times if that can help.
   *
   * @param read reads the body of an answer with a successful or handled status
   * @throws unavailable
   */
  async #request<T>(
    request: S3Request,
    read: (response: Response) => Promise<T>,
  ): Promise<S3Answer<T>> {
    const { size = 0 } = request;
    const seconds = REQUEST_SECONDS + size / BYTES_PER_SECOND;
    const signal = AbortSignal.any([AbortSignal.timeout(seconds * 1000), this.#closing.signal]);
    for (let attempt = 1;; attempt++) {
      try {
        return await this.#attempt(request, read, signal);
      } catch (error) {
        if (!(error instanceof TryAgain)) throw error;
        const { problem, hint, cause } = error;
        if (this.#closing.signal.aborted) {
          throw cannotUse(this.address, "The SuperLink is shutting down");
        }
        if (signal.aborted) {
          const late = `It does not answer within ${Math.ceil(seconds)} s`;
          throw cannotUse(this.address, late, { hint: "Check that it can be reached", cause });
        }
        if (attempt === ATTEMPTS) {
          throw cannotUse(this.address, problem, {
            ...(hint === undefined ? {} : { hint }),
            cause,
          });
        }
        await pause(PAUSE_SECONDS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2), signal);
      }
    }
  }

  async #attempt<T>(
    request: S3Request,
    read: (response: Response) => Promise<T>,
    signal: AbortSignal,
  ): Promise<S3Answer<T>> {
    const { method, body, handled = [] } = request;
    const { url, headers } = await this.#sign(request);
    let response: Response;
    try {
      response = await fetch(url, {
        method,
        headers,
        ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
        redirect: "manual",
        signal,
        client: this.#client,
      });
    } catch (cause) {
      throw new TryAgain(
        "It cannot be reached",
        "Check the URL, the network and the service",
        cause,
      );
    }
    const { status } = response;
    try {
      if (response.ok || handled.includes(status)) {
        return { status, headers: response.headers, body: await read(response) };
      }
      const error = await errorBody(response);
      const { problem, hint, mayPass } = problemOf(status, error, response.headers);
      if (mayPass) throw new TryAgain(problem, hint);
      throw cannotUse(this.address, problem, hint === undefined ? {} : { hint });
    } catch (error) {
      await response.body?.cancel().catch(() => {});
      // The connection was lost while the body was read.
      if (error instanceof TypeError || signal.aborted) {
        throw new TryAgain("The connection was lost", undefined, error);
      }
      throw error;
    }
  }

  async #sign({ method, key, query = {}, headers = {}, bodyHash = NO_BYTES }: S3Request) {
    const { bucketUrl, region, credentials } = this.#target;
    const url = new URL(key === undefined ? `${bucketUrl}/` : `${bucketUrl}/${key}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return await new AwsV4Signer({
      method,
      url: url.href,
      headers: { ...headers, "x-amz-content-sha256": bodyHash },
      ...credentials,
      service: "s3",
      region,
      cache: this.#keys,
    }).sign();
  }

  #refused(status: number, error: { code: string; message: string }) {
    const { problem, hint } = problemOf(status, error, new Headers());
    return cannotUse(this.address, problem, hint === undefined ? {} : { hint });
  }
}

/** Waits, or until the signal is aborted. */
function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, seconds * 1000);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}

/** The service's time: milliseconds since 1970. */
function timeOf(headers: Headers): number {
  const date = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(date) ? Date.now() : date;
}
