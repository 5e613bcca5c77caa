/** Prompts as records keep them: one text, and in the sampling settings the form that it stands for. */
import { InputError } from "../record/index.ts";
import type { Message, Prompt } from "./endpoint.ts";

/** How a prompt is given: as text, as turns of a conversation, or as token ids. */
export type PromptForm = "text" | "messages" | "tokens";

/** The prompt in a value from outside: a text, a list of messages, or a list of token ids. Throws InputError. */
export function promptOf(value: unknown, place: string): Prompt {
  if (typeof value === "string") return { text: value };
  if (Array.isArray(value) && value.length > 0) {
    const items = value as readonly unknown[];
    if (items.every((item) => Number.isSafeInteger(item) && (item as number) >= 0)) {
      return { tokens: items as number[] };
    }
    if (items.every(isMessage)) return { messages: items.map(({ role, content }) => ({ role, content })) };
  }
  throw new InputError(`${place}: is not a text, a list of messages {role, content} or a list of token ids`);
}

/**
 * The form in which a prompt is given.
 *
 * @example
 * promptForm({ text: "2 + 2 =" }); // "text"
 */
export function promptForm(prompt: Prompt): PromptForm {
  if ("text" in prompt) return "text";
  return "messages" in prompt ? "messages" : "tokens";
}

/**
 * The text of a prompt in records, which its hash is taken of: itself, or the JSON of messages or token ids.
 *
 * @example
 * promptText({ tokens: [1, 403] }); // "[1,403]"
 */
export function promptText(prompt: Prompt): string {
  if ("text" in prompt) return prompt.text;
  return JSON.stringify("messages" in prompt ? prompt.messages : prompt.tokens);
}

/**
 * The prompt behind a record's text and form. Throws InputError where the text is not of that form.
 *
 * @example
 * promptFromText("[3,4]", "tokens", "prompts.jsonl:1"); // { tokens: [3, 4] }
 */
export function promptFromText(text: string, form: PromptForm, place: string): Prompt {
  if (form === "text") return { text };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError(`${place}: the prompt is not the JSON of ${form}`);
  }
  return promptOf(value, place);
}

function isMessage(value: unknown): value is Message {
  const record = value as Partial<Message> | null;
  return (
    typeof record === "object" &&
    record !== null &&
    typeof record.role === "string" &&
    typeof record.content === "string"
  );
}
