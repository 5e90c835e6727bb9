import htm from "htm";
import { h, type VNode } from "preact";

/** Makes elements from a template. Its values become texts and attributes, never markup. */
export type Template = (template: TemplateStringsArray, ...values: unknown[]) => VNode;

// The package's types do not say that its default export is a function.
const tag = htm as unknown as { bind(factory: typeof h): Template };

/** Makes elements from a template. Its values become texts and attributes, never markup. */
export const html: Template = tag.bind(h);
