import { request } from "node:http";

/** An answer, read to its end. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** Sends a request with exactly these headers: fetch forbids some, such as Host. */
export function rawRequest(
  address: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<RawAnswer> {
  const [host, port] = address.split(":");
  const isFramed = "content-length" in headers || "transfer-encoding" in headers;
  const length = body === undefined || isFramed ? {} : { "content-length": String(body.length) };
  return new Promise((resolve, reject) => {
    const sent = request(
      { host, port, method, path, headers: { ...headers, ...length, connection: "close" } },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (piece: string) => text += piece);
        response.on("end", () => {
          const all = Object.entries(response.headers);
          resolve({
            status: response.statusCode!,
            headers: Object.fromEntries(
              all.map(([name, value]) => [name, [value].flat().join(", ")]),
            ),
            body: text,
          });
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
