/// <reference lib="dom" />
import { useState } from "preact/hooks";
import { html } from "./html.ts";
import { signInWith } from "./sign_in.ts";

/** What a browser without a session sees. */
export function SignInPage(
  { error, onSession }: { readonly error: string | undefined; readonly onSession: () => void },
) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState(error);
  const submit = async (event: Event) => {
    event.preventDefault();
    const token = text.trim().replace(/^.*#token=/, "");
    try {
      if (await signInWith(token)) return onSession();
      setProblem("That address is wrong, or of an earlier start of the SuperLink");
    } catch (reason) {
      setProblem(reason instanceof Error ? reason.message : String(reason));
    }
  };
  return html`
    <main class="sign-in">
      <h1>Flower dashboard</h1>
      <p>
        Open the address that <code>flwr superlink --dashboard</code> printed. It contains a token
        that lets this browser in. You can also paste it here:
      </p>
      <form onSubmit=${submit}>
        <label for="address">Address or token</label>
        <input id="address" autocomplete="off" spellcheck="false" value=${text}
          onInput=${(event: InputEvent) => setText((event.target as HTMLInputElement).value)} />
        <button class="primary">Sign in</button>
      </form>
      ${problem !== undefined && html`<p class="problem" role="alert">${problem}</p>`}
    </main>
  `;
}
