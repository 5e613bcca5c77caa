/** The text of chat messages, as servers and trainers write them. */
import { nameOf } from "./draws.ts";
import { asRecord, fieldOf } from "./json-text.ts";

/**
 * Messages joined with their roles: what a chat template makes of a question is not the bare question. A single message of
 * the assistant is its own text. Undefined where a message has no text.
 */
export function messagesText(messages: readonly unknown[]): string | undefined {
  const parts = messages.map((message) => {
    const record = asRecord(message);
    const text = contentText(fieldOf(record, "content"));
    return text === undefined ? undefined : { role: nameOf(fieldOf(record, "role")) ?? "user", text };
  });
  if (parts.length === 0 || parts.some((part) => part === undefined)) return undefined;
  const only = parts[0];
  if (parts.length === 1 && only?.role === "assistant") return only?.text;
  return parts.map((part) => `${part?.role}: ${part?.text}`).join("\n");
}

/** The text of a message's content: a text, or the text parts of a list. */
export function contentText(content: unknown): string | undefined {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return undefined;
  const texts = content
    .map((part) => fieldOf(asRecord(part), "text"))
    .filter((text) => typeof text === "string");
  return texts.length > 0 ? texts.join("") : undefined;
}
