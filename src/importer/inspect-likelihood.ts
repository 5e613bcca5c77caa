/** The log-probabilities that an Inspect sample holds of its response: those of the model's only turn. */
import { crc32 } from "node:zlib";
import { checkpointName, type Likelihood, type RowBase } from "../record/index.ts";
import type { ImportContext } from "./importer.ts";
import type { InspectHeader } from "./inspect-header.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";
import { drawnWords, notOfText } from "./server-part.ts";
import { completionTokens, drawnTokens, tokenPart } from "./server-tokens.ts";
import { FieldError } from "./table-values.ts";

const laterTurn =
  "log-probabilities of a turn that is not the sample's only one: it answers more than the prompt";

export interface InspectResponse {
  readonly base: RowBase;
  readonly drawSet: string;
  readonly draw: number;
  readonly record: JsonRecord;
  readonly text: string;
}

/**
 * The response's likelihood; undefined where the sample has none. Left out, and said, where the tokens do not spell the
 * text (as those of the `hf` provider, which lists the most likely token and not the one drawn) and where the model
 * took several turns; rejected where one is no log-probability.
 */
export function inspectLikelihood(
  { base, drawSet, draw, record, text }: InspectResponse,
  { header, context }: { readonly header: InspectHeader; readonly context: ImportContext },
): Likelihood | undefined {
  const output = asRecord(fieldOf(record, "output"));
  const choices = fieldOf(output, "choices");
  const choice = asRecord(Array.isArray(choices) ? choices[0] : undefined);
  const field = "output.choices[0].logprobs";
  try {
    const tokens = completionTokens(fieldOf(choice, "logprobs"), field);
    if (tokens === undefined || tokens.length === 0) return undefined;
    if (turnsOf(record) > 1) {
      context.drop(laterTurn, 1);
      return undefined;
    }
    const used = fieldOf(asRecord(fieldOf(output, "usage")), "output_tokens");
    const reason = fieldOf(choice, "stop_reason");
    const own = drawnTokens(tokens, {
      text,
      finishReason: reason === "max_tokens" || reason === "model_length" ? "length" : "stop",
      cut: reason === "content_filter",
      generated: (choices as unknown[]).length === 1 && typeof used === "number" ? used : undefined,
    });
    if (own === undefined) {
      context.drop(notOfText, 1);
      return undefined;
    }
    if (own.length === 0) return undefined;
    const { logProbability, tokenLogProbabilities, texts } = tokenPart(own, { field: `${field}.content` });
    return {
      kind: "likelihood",
      ...base,
      drawSet,
      draw,
      role: "draw",
      drawnBy: checkpointName(base),
      logProbability,
      tokenLogProbabilities,
      ...(texts !== undefined && { tokens: texts }),
      tokenCount: tokenLogProbabilities.length,
      fingerprint: crc32(text),
      method: methodOf(header),
    };
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    context.reject({ ...base.source, field: error.field, reason: error.message });
    return undefined;
  }
}

/** SGLang's servers scale what they draw by the temperature; the others give what the model says. */
function methodOf({ model, bending }: InspectHeader): string {
  const { temperature } = bending;
  const isScaled = /^(?:openai-api\/)?sglang\//.test(model) && temperature !== 1;
  const scale = temperature === undefined ? "which is unknown" : temperature;
  const meaning = isScaled ? `tempered: scaled by the temperature, ${scale}` : "raw as the server defines it";
  return `Inspect, ${meaning}, no end token; ${drawnWords(bending)}`;
}

/** Turns that the model took; those that stand in the input, as examples, are not its own. */
function turnsOf(record: JsonRecord): number {
  const spoken = assistantTurns(fieldOf(record, "messages"));
  const marked = spoken.filter((message) => fieldOf(message, "source") === "generate");
  if (marked.length > 0) return marked.length;
  return spoken.length - assistantTurns(fieldOf(record, "input")).length;
}

function assistantTurns(messages: unknown): (JsonRecord | undefined)[] {
  if (!Array.isArray(messages)) return [];
  return messages.map(asRecord).filter((message) => fieldOf(message, "role") === "assistant");
}
