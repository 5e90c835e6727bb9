/// <reference lib="dom" />
import { ApiError, get, post } from "./api.ts";

/**
 * Signs in with the token in the page's address, which it removes from the address, so that it is neither in the history
 * nor in a screenshot.
 *
 * @returns whether the browser has a session
 */
export async function signIn(): Promise<boolean> {
  const [, token] = /^#token=([\w-]+)$/.exec(location.hash) ?? [];
  if (token !== undefined) {
    history.replaceState(null, "", "/#/runs");
    await signInWith(token);
  }
  try {
    await get("/api/overview");
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return false;
    throw error;
  }
}

/** Opens a session. @returns whether the token was right */
export async function signInWith(token: string): Promise<boolean> {
  try {
    await post("/session", { token });
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return false;
    throw error;
  }
}
