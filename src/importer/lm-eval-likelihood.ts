/**
 * Log-likelihood requests of lm-eval: the continuations of a document, their summed log-probabilities, and which of
 * them is the gold one. The gold continuation is data, the distractors are options beside it.
 */
import { nameOf, shown } from "./draws.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";
import { isPerplexity } from "./lm-eval-document.ts";
import { FieldError, logProbabilityIn } from "./table-values.ts";

/** One continuation and its natural log-probability given its context. */
export interface ScoredContinuation {
  readonly context: string;
  readonly text: string;
  readonly logProbability: number;
}

export interface ScoredDocument {
  readonly continuations: readonly ScoredContinuation[];
  /** Place of the gold continuation; undefined where the log does not tell. */
  readonly gold: number | undefined;
  /** True if the whole document was scored without a context. */
  readonly rolling: boolean;
}

/**
 * The document's continuations, or undefined if it asked for generated text. Throws FieldError on a response that is
 * no log-probability, or where there are not as many responses as requests.
 */
export function scoredDocument(record: JsonRecord): ScoredDocument | undefined {
  const requests = requestsOf(record);
  const responses = fieldOf(record, "resps");
  if (requests === undefined || !Array.isArray(responses) || responses.length === 0) return undefined;
  const rolling = requests.every(({ continuation }) => continuation === undefined);
  if (rolling) return isPerplexity(record) ? rollingDocument(requests, responses) : undefined;
  if (requests.some(({ continuation }) => typeof continuation !== "string")) return undefined;
  if (!responses.some((response) => pairOf(response) !== undefined)) return undefined;
  if (requests.length !== responses.length) {
    throw new FieldError("resps", `${responses.length} responses to ${requests.length} requests`);
  }
  const scored = responses.map((response, index): ScoredContinuation => {
    const field = `resps[${index}]`;
    const pair = pairOf(response);
    if (pair === undefined) throw new FieldError(field, `no log-probability: ${shown(response)}`);
    const { context, continuation } = requests[index] as Request;
    return {
      context,
      text: continuation as string,
      logProbability: logProbabilityIn({ column: field, value: pair }),
    };
  });
  const continuations = conditional(scored, record);
  return { continuations, gold: goldIndex(record, continuations), rolling: false };
}

interface Request {
  readonly context: string;
  /** A text, or generation settings, or nothing. */
  readonly continuation: unknown;
}

function requestsOf(record: JsonRecord): Request[] | undefined {
  const value = fieldOf(record, "arguments");
  const named = asRecord(value);
  const items: unknown[] = Array.isArray(value)
    ? value
    : Object.keys(named ?? {}).map((_, index) => fieldOf(named, `gen_args_${index}`));
  const requests = items.map((item): Request | undefined => {
    const fields = asRecord(item);
    const context = Array.isArray(item) ? item[0] : fieldOf(fields, "arg_0");
    const continuation = Array.isArray(item) ? item[1] : fieldOf(fields, "arg_1");
    return typeof context === "string" ? { context, continuation } : undefined;
  });
  return requests.length > 0 && requests.every((request) => request !== undefined) ? requests : undefined;
}

/** The number of a pair (log-probability, greedy), which may stand in a list of repeats: the first one counts. */
function pairOf(response: unknown): unknown {
  let value = response;
  while (Array.isArray(value) && Array.isArray(value[0])) value = value[0];
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const greedy = typeof value[1] === "string" ? value[1].toLowerCase() : value[1];
  return greedy === true || greedy === false || greedy === "true" || greedy === "false"
    ? value[0]
    : undefined;
}

function rollingDocument(requests: readonly Request[], responses: readonly unknown[]): ScoredDocument {
  let value: unknown = responses[0];
  while (Array.isArray(value) && value.length > 0) value = value[0];
  const logProbability = logProbabilityIn({ column: "resps[0]", value });
  const text = requests[0]?.context ?? "";
  return { continuations: [{ context: "", text, logProbability }], gold: 0, rolling: true };
}

/** Without the unconditional requests that the metric `acc_mutual_info` appends: the same texts in a bare context. */
function conditional(
  scored: readonly ScoredContinuation[],
  record: JsonRecord,
): readonly ScoredContinuation[] {
  const metrics = fieldOf(record, "metrics");
  const half = scored.length / 2;
  if (!Array.isArray(metrics) || !metrics.includes("acc_mutual_info") || !Number.isInteger(half))
    return scored;
  const mirrored = scored.slice(0, half).every(({ text }, index) => text === scored[half + index]?.text);
  return mirrored ? scored.slice(0, half) : scored;
}

/**
 * The gold continuation by the target: its number, its text, or its letter; else by the document's own field. A
 * candidate must agree with the metric `acc`, which is 1 exactly where the gold one is the most probable.
 */
function goldIndex(record: JsonRecord, continuations: readonly ScoredContinuation[]): number | undefined {
  if (continuations.length === 1) return 0;
  const agrees = agreementWithAccuracy(record, continuations);
  const document = asRecord(fieldOf(record, "doc"));
  const named = [
    fieldOf(record, "target"),
    ...["gold", "label", "answer_idx", "answerKey", "answer"].map((name) => fieldOf(document, name)),
  ];
  for (const value of named) {
    const candidates = candidatesOf(value, continuations, document);
    if (candidates.length === 0) continue;
    // What contradicts the metric is not the gold one, whatever field it is from.
    return candidates.find(agrees);
  }
  return undefined;
}

function agreementWithAccuracy(
  record: JsonRecord,
  continuations: readonly ScoredContinuation[],
): (index: number) => boolean {
  const accuracy = fieldOf(record, "acc");
  const values = continuations.map(({ logProbability }) => logProbability);
  const largest = Math.max(...values);
  const tied = values.filter((value) => value === largest).length > 1;
  if ((accuracy !== 0 && accuracy !== 1) || tied) return () => true;
  return (index) => (values[index] === largest) === (accuracy === 1);
}

function candidatesOf(
  value: unknown,
  continuations: readonly ScoredContinuation[],
  document: JsonRecord | undefined,
): number[] {
  const name = nameOf(value)?.trim();
  if (name === undefined) return [];
  const found: (number | undefined)[] = [];
  if (/^\d{1,6}$/.test(name)) found.push(Number(name));
  const texts = continuations.map(({ text }) => text.trim());
  const sameText = texts.flatMap((text, index) => (text === name ? [index] : []));
  if (sameText.length === 1) found.push(sameText[0]);
  const labels = fieldOf(asRecord(fieldOf(document, "choices")), "label");
  if (Array.isArray(labels) && labels.length === continuations.length) found.push(labels.indexOf(name));
  if (/^[A-Z]$/.test(name)) found.push(name.charCodeAt(0) - 65);
  return found.filter(
    (index): index is number => index !== undefined && index >= 0 && index < continuations.length,
  );
}
