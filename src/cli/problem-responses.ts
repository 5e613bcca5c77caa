/** All responses to one problem, with their verdicts. */
import { crc32 } from "node:zlib";
import { InputError, type Likelihood, type Outcome, type Response, type Row } from "../record/index.ts";
import { countText, printable, printableLines } from "../report/index.ts";
import type { ReadLogs } from "./read-logs.ts";
import { drawKey, groupKey } from "./response-sample.ts";

export interface FoundResponse {
  readonly model: string;
  readonly draw: number;
  readonly verdict: Outcome["verdict"];
  readonly reason?: string;
  readonly reward?: number;
  readonly answer?: string;
  readonly logProbability?: number;
  readonly text: string;
}

export interface FoundResponses {
  readonly prompt?: string;
  readonly target?: string;
  readonly responses: readonly FoundResponse[];
}

export class ProblemResponses {
  readonly #name: string;
  readonly #outcomes: Outcome[] = [];
  readonly #responses = new Map<string, Response>();
  /** By draw and text: another model's draw of the same number, scored by this one, has another text. */
  readonly #likelihoods = new Map<string, Likelihood>();

  constructor(name: string) {
    this.#name = name;
  }

  add(rows: readonly Row[]): void {
    for (const row of rows) {
      if (row.problem !== this.#name) continue;
      if (row.kind === "outcome") this.#outcomes.push(row);
      if (row.kind === "response" && row.role === "draw") this.#responses.set(drawKey(row), row);
      if (row.kind !== "likelihood" || row.role !== "draw") continue;
      this.#likelihoods.set(textKey(drawKey(row), row.fingerprint), row);
    }
  }

  /** Responses under the scorers that were chosen; throws InputError where the logs hold none. */
  responsesOf({ models, groups }: ReadLogs): FoundResponses {
    const labels = new Map<string, string>();
    groups.forEach((group, index) => {
      const label = models[index]?.label ?? group.model;
      labels.set(groupKey(group), label);
    });
    const seen = new Set<string>();
    const responses = this.#outcomes.flatMap((outcome): FoundResponse[] => {
      const key = drawKey(outcome);
      const label = labels.get(groupKey(outcome)) ?? labels.get(groupKey({ ...outcome, samplingHash: "" }));
      const response = this.#responses.get(key);
      if (label === undefined || response === undefined || seen.has(key)) return [];
      seen.add(key);
      const likelihood =
        this.#likelihoods.get(textKey(key, crc32(response.text))) ?? this.#likelihoods.get(textKey(key));
      const logProbability = likelihood?.logProbability;
      const { draw, verdict, reason, reward, answer } = outcome;
      return [
        {
          model: label,
          draw,
          verdict,
          ...(reason !== undefined && { reason }),
          ...(reward !== undefined && { reward }),
          ...(answer !== undefined && { answer }),
          ...(logProbability !== undefined && { logProbability }),
          text: response.text,
        },
      ];
    });
    if (responses.length === 0) throw this.#nothing();
    const all = [...this.#responses.values()];
    const prompt = all.find((row) => row.prompt !== undefined)?.prompt;
    const target = all.find((row) => row.target !== undefined)?.target;
    return { ...(prompt !== undefined && { prompt }), ...(target !== undefined && { target }), responses };
  }

  #nothing(): InputError {
    const why =
      this.#outcomes.length === 0 ? "is the name of no problem here" : "has verdicts here and no texts";
    return new InputError(`--show ${this.#name}: ${why}; lmcov problems lists the names`);
  }
}

const textKey = (key: string, fingerprint?: number): string => `${key}\u0000${fingerprint ?? ""}`;

/** For a terminal: controls are escaped, lines stay. */
export function responsesText({ prompt, target, responses }: FoundResponses): string {
  const parts: string[] = [];
  if (prompt !== undefined) parts.push("── prompt", printableLines(prompt));
  if (target !== undefined) parts.push("── reference answer", printableLines(target));
  for (const { model, draw, verdict, reason, reward, answer, logProbability, text } of responses) {
    const facts = [
      verdict,
      model,
      `draw ${countText(draw)}`,
      reward === undefined ? undefined : `reward ${Number(reward.toPrecision(6))}`,
      answer === undefined ? undefined : `answer ${answer}`,
      logProbability === undefined
        ? undefined
        : `log-probability ${Number(logProbability.toPrecision(6))} nats`,
      reason,
    ].filter((fact) => fact !== undefined);
    parts.push(`── ${printable(facts.join(" · "), 400)}`, printableLines(text));
  }
  return parts.join("\n");
}
