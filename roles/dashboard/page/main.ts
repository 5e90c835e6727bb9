/// <reference lib="dom" />
import { render } from "preact";
import { html } from "./html.ts";
import { App } from "./app.ts";
import { Live, LiveContext } from "./live.ts";
import { signIn } from "./sign_in.ts";
import { SignInPage } from "./sign_in_page.ts";

const page = document.getElementById("page")!;

/** Shows the dashboard, or what to do to see it. */
async function start(): Promise<void> {
  let error: string | undefined;
  const hasSession = await signIn().catch((reason) => {
    error = reason instanceof Error ? reason.message : String(reason);
    return false;
  });
  if (!hasSession) {
    return render(html`<${SignInPage} error=${error} onSession=${showApp} />`, page);
  }
  showApp();
}

function showApp(): void {
  const live = new Live();
  live.open();
  render(
    html`
      <${LiveContext.Provider} value=${live}>
        <${App} />
        <//>
    `,
    page,
  );
}

// A new token for a page that is already open.
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#token=")) location.reload();
});
await start();
