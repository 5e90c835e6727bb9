/** An OpenID Connect provider for tests: npm's oidc-provider, on a free port of this machine. */
import { createServer } from "node:http";
import Provider from "oidc-provider";

/** The SuperLink's client at the provider. */
export const CLIENT_ID = "superlink";
export const CLIENT_SECRET = "the-secret-of-the-client-of-the-superlink";

/** Another client of the same provider, whose tokens a SuperLink must refuse. */
export const OTHER_CLIENT_ID = "other";

/** Audience of access tokens that are JWTs. */
export const AUDIENCE = "https://superlink.example";

/** Options of {@link startProvider}. */
export interface ProviderOptions {
  /** Whether access tokens are JWTs; default: opaque. */
  readonly jwt?: boolean;
  /** Seconds until access tokens expire; default 600. */
  readonly accessSeconds?: number;
  /** Whether a refresh gives a new refresh token; default false. */
  readonly rotates?: boolean;
  /** Whether a login gives a refresh token; default true. */
  readonly refreshes?: boolean;
}

/** A running provider. */
export interface TestProvider extends AsyncDisposable {
  readonly issuer: string;
  /** Paths of the requests that it got. */
  readonly requests: string[];
  /** Confirms a login like a person in a browser, whose login name is also the subject. */
  confirm(verificationUri: string, login: string): Promise<void>;
  /** Logs in at a client without a SuperLink. @returns the tokens */
  tokensOf(
    login: string,
    clientId?: string,
  ): Promise<{ access: string; refresh: string; id: string }>;
  /** Revokes a token. */
  revoke(token: string): Promise<void>;
  /** Makes it answer 500 to everything, or answer again. */
  breakDown(broken: boolean): void;
}

/** Starts a provider. */
export async function startProvider(options: ProviderOptions = {}): Promise<TestProvider> {
  const { jwt = false, accessSeconds = 600, rotates = false, refreshes = true } = options;
  // Its issuer has the port, so the server listens before the provider is there.
  const handler: { current?: (request: never, response: never) => unknown } = {};
  let broken = false;
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? "");
    if (!broken) return void handler.current!(request as never, response as never);
    response.statusCode = 500;
    response.end("down");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const provider = quietly(() =>
    new Provider(issuer, {
      clients: [CLIENT_ID, OTHER_CLIENT_ID].map((client_id) => ({
        client_id,
        client_secret: CLIENT_SECRET,
        grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: "client_secret_basic",
      })),
      claims: { openid: ["sub"], profile: ["preferred_username", "groups"] },
      features: {
        deviceFlow: { enabled: true },
        devInteractions: { enabled: true },
        introspection: { enabled: true },
        revocation: { enabled: true },
        ...(jwt && {
          resourceIndicators: {
            enabled: true,
            defaultResource: () => AUDIENCE,
            useGrantedResource: () => true,
            getResourceServerInfo: () => ({
              scope: "",
              audience: AUDIENCE,
              accessTokenFormat: "jwt",
              jwt: { sign: { alg: "RS256" } },
            }),
          },
        }),
      },
      findAccount: (_: unknown, id: string) => ({
        accountId: id,
        claims: () => ({
          sub: id,
          preferred_username: id,
          groups: id.startsWith("admin") ? ["flwr-admin", "staff"] : ["staff"],
        }),
      }),
      issueRefreshToken: () => refreshes,
      rotateRefreshToken: rotates,
      ttl: { AccessToken: accessSeconds, RefreshToken: 3600, DeviceCode: 600 },
      cookies: { keys: ["test"] },
    } as never)
  );
  handler.current = provider.callback() as never;
  return {
    issuer,
    requests,
    confirm: (uri, login) => confirm(issuer, uri, login),
    async tokensOf(login, clientId = CLIENT_ID) {
      const begun = await form(`${issuer}/device/auth`, { scope: "openid profile" }, clientId);
      await confirm(issuer, begun.verification_uri_complete, login);
      const tokens = await form(`${issuer}/token`, {
        grant_type: "urn:ietf:params:oauth:grant-type:device_code",
        device_code: begun.device_code,
      }, clientId);
      return { access: tokens.access_token, refresh: tokens.refresh_token, id: tokens.id_token };
    },
    async revoke(token) {
      await form(`${issuer}/token/revocation`, { token }, CLIENT_ID);
    },
    breakDown(now) {
      broken = now;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Hides the warnings about development settings, which are the point here. */
function quietly<T>(make: () => T): T {
  const { warn, info } = console;
  console.warn = console.info = () => {};
  try {
    return make();
  } finally {
    Object.assign(console, { warn, info });
  }
}

async function form(url: string, fields: Record<string, string>, clientId: string) {
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${clientId}:${CLIENT_SECRET}`)}` },
    body: new URLSearchParams(fields),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
  return text === "" ? {} : JSON.parse(text);
}

/** Clicks through the provider's pages. */
async function confirm(issuer: string, uri: string, login: string): Promise<void> {
  const jar = new Map<string, string>();
  const go = async (url: string, fields?: Record<string, string>): Promise<[string, string]> => {
    let next: { url: string; fields?: Record<string, string> } = { url, ...(fields && { fields }) };
    for (;;) {
      const response = await fetch(next.url, {
        method: next.fields === undefined ? "GET" : "POST",
        headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") },
        ...(next.fields && { body: new URLSearchParams(next.fields) }),
        redirect: "manual",
      });
      for (const line of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
        if (value === "") jar.delete(name!);
        else jar.set(name!, value!);
      }
      const to = response.headers.get("location");
      const text = await response.text();
      if (to === null) {
        if (!response.ok) throw new Error(`${next.url}: ${response.status} ${text.slice(0, 500)}`);
        return [next.url, text];
      }
      next = { url: new URL(to, next.url).href };
    }
  };
  const action = (page: [string, string]) =>
    new URL(/<form[^>]* action="([^"]+)"/.exec(page[1])![1]!, page[0]).href;
  const first = await go(uri);
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(first[1])![1]!;
  const code = new URL(uri).searchParams.get("user_code")!;
  const loginPage = await go(`${issuer}/device`, { xsrf, user_code: code, confirm: "yes" });
  const consent = await go(action(loginPage), { prompt: "login", login, password: "x" });
  const [, last] = await go(action(consent), { prompt: "consent" });
  if (!last.includes("Success")) {
    throw new Error(`The login did not succeed: ${last.slice(0, 500)}`);
  }
}
