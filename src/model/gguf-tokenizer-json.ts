/** A tokenizer.json of Hugging Face's in GGUF's terms. */
import { type GgufVocabulary, tokenType } from "./gguf-vocabulary.ts";

interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

interface BpeModel {
  readonly type: string;
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges: readonly (string | readonly [string, string])[];
  readonly byte_fallback?: boolean;
  readonly unk_token?: string | null;
}

/** The parts that say how text is cut, as far as they are asked for here. */
interface Step {
  readonly type?: string;
  readonly use_regex?: boolean;
  readonly pretokenizers?: readonly Step[];
  readonly normalizers?: readonly Step[];
}

/**
 * Byte-level BPE and BPE with byte fallback, as GPT-2's and Llama's, are said exactly; of others the ids are kept.
 * The JSON is one that Hugging Face's library has taken.
 */
export function huggingFaceGgufTokenizer(json: unknown): GgufVocabulary {
  const file = json as {
    readonly model: BpeModel;
    readonly added_tokens?: readonly AddedToken[];
    readonly pre_tokenizer?: Step | null;
    readonly normalizer?: Step | null;
  };
  const { model, added_tokens: added = [] } = file;
  const cuts = steps(file.pre_tokenizer);
  if (model.type === "BPE" && cuts.some(({ type }) => type === "ByteLevel")) {
    return byteLevel(model, added, cuts);
  }
  if (model.type === "BPE" && model.byte_fallback) {
    return sentencePiece(model, added, steps(file.normalizer), cuts);
  }
  const { tokens, types } = vocabulary(model, added);
  return {
    model: "t5",
    tokens,
    types,
    scores: tokens.map(() => 0),
    addSpacePrefix: false,
    notes: [`llama.cpp is not told how to tokenize text by ${model.type} of this kind: give it token ids`],
  };
}

function steps(step: Step | null | undefined): Step[] {
  if (step === null || step === undefined) return [];
  return step.type === "Sequence"
    ? [...(step.pretokenizers ?? step.normalizers ?? [])].flatMap((inner) => steps(inner))
    : [step];
}

function byteLevel(model: BpeModel, added: readonly AddedToken[], cuts: readonly Step[]): GgufVocabulary {
  const isGpt2 = cuts.length === 1 && cuts[0]?.use_regex !== false;
  return {
    model: "gpt2",
    pre: isGpt2 ? "gpt-2" : "default",
    ...vocabulary(model, added),
    merges: model.merges.map((merge) => (typeof merge === "string" ? merge : merge.join(" "))),
    addSpacePrefix: false,
    notes: isGpt2
      ? []
      : [
          "this tokenizer cuts text in a way of its own before merging: llama.cpp may tokenize text otherwise",
        ],
  };
}

/** SentencePiece merges what scores highest: tokens score by the first merge that makes them. */
function sentencePiece(
  model: BpeModel,
  added: readonly AddedToken[],
  normalisation: readonly Step[],
  cuts: readonly Step[],
): GgufVocabulary {
  const { tokens, types } = vocabulary(model, added);
  const ranks = new Map<string, number>();
  model.merges.forEach((merge, rank) => {
    const made = typeof merge === "string" ? merge.replace(" ", "") : merge.join("");
    if (!ranks.has(made)) ranks.set(made, rank);
  });
  return {
    model: "llama",
    tokens,
    types,
    scores: tokens.map((token) => -(ranks.get(token) ?? model.merges.length)),
    addSpacePrefix:
      normalisation.some(({ type }) => type === "Prepend") || cuts.some(({ type }) => type === "Metaspace"),
    notes: [],
  };
}

function vocabulary(
  model: BpeModel,
  added: readonly AddedToken[],
): { readonly tokens: string[]; readonly types: number[] } {
  const tokens: string[] = [];
  const types: number[] = [];
  const entries = Array.isArray(model.vocab)
    ? model.vocab.map((entry: readonly [string, number], id: number) => [entry[0], id] as const)
    : Object.entries(model.vocab);
  for (const [text, id] of entries) {
    tokens[id] = text;
    const isByte = model.byte_fallback && /^<0x[0-9A-F]{2}>$/.test(text);
    types[id] = isByte ? tokenType.byte : tokenType.normal;
  }
  for (const { id, content, special } of added) {
    tokens[id] = content;
    types[id] =
      content === model.unk_token ? tokenType.unknown : special ? tokenType.control : tokenType.userDefined;
  }
  return { tokens, types };
}
